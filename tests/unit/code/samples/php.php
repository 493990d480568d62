<?php

declare(strict_types=1);

namespace Example\Carts;

use Example\Base;

const LIMIT = 5;
define('OTHER', 6);

/** One line. */
interface Store extends \Countable
{
    const NAME = 'store';

    public function get(string $key): ?Item;
}

trait Logs
{
    private array $lines = [];

    protected function log(string $line): void
    {
        $this->lines[] = $line;
    }
}

#[Attribute(Attribute::TARGET_CLASS)]
abstract class Cart extends Base implements Store
{
    use Logs;

    public const MAX = 100, MIN = 1;
    private static int $count = 0;
    public ?string $owner = null;

    public function __construct(private readonly array $items, string $owner = 'none')
    {
        $this->owner = $owner;
    }

    #[Route('/get')]
    final public static function get(string $key): ?Item
    {
        $local = function ($x) {
            return $x;
        };
        return null;
    }

    abstract protected function close(): void;
}

enum Color: string
{
    case Red = 'r';
    case Green = 'g';

    public function label(): string
    {
        return ucfirst($this->value);
    }
}

function helper(int ...$numbers): int
{
    if (!function_exists('inner')) {
        function inner() {}
    }
    return array_sum($numbers);
}

$handler = fn($x) => $x + 1;
