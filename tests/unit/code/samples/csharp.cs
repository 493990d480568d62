using System;
using System.Collections.Generic;

namespace Example.Carts
{
    /// <summary>One line.</summary>
    public record Item(string Sku, decimal Price);

    public delegate void Changed(object sender, Item item);

    [Flags]
    public enum Color { Red = 1, Green = 2 }

    public interface IStore<T> where T : class
    {
        string Name { get; }
        T Get(string key);
        T Get(int index, bool strict = false);
    }

    [Serializable]
    public sealed partial class Cart<T> : Base, IStore<T> where T : class
    {
        public const int Max = 100;
        private readonly List<T> _items = new(), _other = new();
        public event Changed OnChange;

        public Cart() : this(Max) { }

        public Cart(int size)
        {
            void Local(int x) { }
            var local = size;
        }

        ~Cart() { }

        public string Name { get; set; } = "cart";

        public decimal Total => 0m;

        [Obsolete("no")]
        public async Task<T> Get(string key) => default;

        public T Get(int index, bool strict = false)
        {
            return _items[index];
        }

        public T this[int index] => _items[index];

        public static Cart<T> operator +(Cart<T> a, ref T b) => a;

        private struct Line
        {
            public int Number;
        }
    }

    public static class Extensions
    {
        public static int Count<T>(this Cart<T> cart, params int[] sizes) => 0;
    }
}
