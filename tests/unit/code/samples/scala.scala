package org.example.carts

import scala.collection.mutable

/** One line. */
@deprecated("x")
case class Item(sku: String, price: Double = 0.0) extends Base(sku) with Serializable {
  val tax = price * 0.19
  var count: Int = 0
  lazy val total: Double = price + tax

  def scale(factor: Double): Item = {
    val local = factor
    def inner(x: Int) = x
    copy(price = price * local)
  }

  def scale(factor: Int, names: List[String])(implicit ctx: Context): Item = this
}

object Item {
  val Max = 100
  type Handler = Item => Unit

  def apply(sku: String): Item = new Item(sku, 0)
}

sealed trait Store[T] {
  def get(key: String): Option[T]
  def name: String = "store"
}

abstract class Cart[T](owner: String)(implicit ev: Ordering[T]) extends Store[T] {
  private[carts] val items = mutable.Buffer.empty[T]

  @throws[Exception]
  override def get(key: String): Option[T] = None

  class Line
}

enum Color(val code: String):
  case Red extends Color("r")
  case Green extends Color("g")

  def label: String = code.toUpperCase

package object util {
  def helper(x: Int): Int = x
}

def topLevel(x: Int): Int =
  val y = x + 1
  y

given ordering: Ordering[Item] with
  def compare(a: Item, b: Item): Int = 0

extension (item: Item)
  def double: Item = item.scale(2.0)
