#include <string>
#include <vector>

#define CHECK(x) do { if (!(x)) abort(); } while (0)

namespace shop::carts {

constexpr int kMaxItems = 100;
using Handler = void (*)(int);

enum class Color : char { Red, Green };

struct Item {
    std::string sku;
    double price = 0;
    bool operator==(const Item& other) const { return sku == other.sku; }
};

template <typename T>
class Store : public Base, private Other<T> {
  public:
    Store();
    explicit Store(int size) : size_(size) {}
    virtual ~Store() = default;

    virtual T get(const std::string& key) const = 0;
    T get(int index) const;
    static Store make(std::vector<T> items) {
        return Store();
    }

    class Iterator {
        void next();
    };

  private:
    int size_;
    static const int kLimit = 5;
};

template <typename T>
T Store<T>::get(int index) const {
    auto local = [](int x) { return x; };
    return T();
}

}  // namespace shop::carts

namespace {
int hidden() { return 1; }
}

void shop::carts::Store<int>::Iterator::next() {}

int Cart::total(int scale) const {
    return scale;
}

Cart::Cart(int n) {}
Cart::~Cart() {}

template <typename T>
T clamp(T value, const T& low, T* high) {
    return value;
}

int clamp(int value) { return value; }

std::vector<int>& numbers();

int counter;
