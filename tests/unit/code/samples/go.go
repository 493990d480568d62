// Package cart keeps carts.
package cart

import (
	"fmt"
	"io"
)

// MaxItems is the limit.
const MaxItems = 100

const (
	Red Color = iota
	Green
)

var (
	ErrFull = fmt.Errorf("full")
	cache   map[string]*Cart
)

type Color int

type (
	// Item is one line.
	Item struct {
		SKU   string `json:"sku"`
		Price float64
	}

	Handler func(item Item) error
)

type Store[T any] interface {
	io.Closer
	Get(key string) (T, bool)
	Put(key string, value T)
}

type Alias = Item

type Cart struct {
	items []Item
	owner string
}

// New makes a cart.
func New(owner string) *Cart {
	local := 3
	const inner = 4
	_ = local
	return &Cart{owner: owner}
}

func (c *Cart) Add(item Item) error {
	if len(c.items) >= MaxItems {
		return ErrFull
	}
	c.items = append(c.items, item)
	return nil
}

func (c Cart) Total() (sum float64) {
	each := func(i Item) { sum += i.Price }
	for _, i := range c.items {
		each(i)
	}
	return
}

func (s *Tree[K, V]) Walk(visit func(K, V) bool) {}

func Map[T, U any](in []T, f func(T) U) []U {
	return nil
}
