package org.example.cart;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** Copies things. */
@SuppressWarnings("unchecked")
public final class CopyUtils extends Base implements Copier<String>, AutoCloseable {
    public static final int BUFFER = 1024 * 4;
    private int size, count = 1;

    static {
        System.setProperty("a", "b");
    }

    public CopyUtils() {
        this(BUFFER);
    }

    protected CopyUtils(int size) {
        this.size = size;
    }

    /** Copies bytes. */
    @Override
    public static void copy(byte[] input, OutputStream output) throws IOException {
        output.write(input);
    }

    public static int copy(final InputStream input, OutputStream output) {
        int local = 0;
        return local;
    }

    public static <T> void copy(Map<String, List<T>> many, String... names) {}

    public int size() {
        return size;
    }

    @Override
    public void close() {
        Runnable task = new Runnable() {
            @Override
            public void run() {
                size = 0;
            }
        };
        task.run();
    }

    interface Visitor<R> {
        int DEPTH = 3;

        R visit(Node node);

        default R visitAll(List<Node> nodes) {
            return null;
        }
    }

    enum Color implements Coded {
        RED("r"),
        GREEN("g") {
            @Override
            String code() {
                return "G";
            }
        };

        private final String code;

        Color(String code) {
            this.code = code;
        }

        String code() {
            return code;
        }
    }

    record Point(int x, int y) {
        Point {
            if (x < 0) throw new IllegalArgumentException();
        }

        double length() {
            return Math.sqrt(x * x + y * y);
        }
    }
}

@interface Marker {
    String value() default "";
}
