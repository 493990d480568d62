package org.example.cart

import java.io.File

const val MAX_ITEMS = 100
val cache = mutableMapOf<String, Cart>()
typealias Handler = (Item) -> Unit

/** One line. */
@Serializable
data class Item(val sku: String, val price: Double = 0.0) {
    val tax: Double
        get() = price * 0.19

    companion object {
        const val TAX = 0.19
        fun parse(text: String): Item = Item(text)
    }
}

sealed interface Store<T> {
    val name: String
    fun get(key: String): T?
    fun get(key: Int, fallback: T): T?
}

enum class Color(val code: String) {
    RED("r"),
    GREEN("g");

    fun label(): String = code.uppercase()
}

object Registry : Closeable {
    private val carts = ArrayList<Cart>()

    override fun close() {
        carts.clear()
    }
}

abstract class Cart(private val owner: String) : Base(owner), Store<Item> {
    init {
        require(owner.isNotEmpty())
    }

    constructor() : this("nobody")

    @Deprecated("use put")
    open suspend fun add(item: Item, times: Int = 1): Boolean {
        val local = times
        fun helper(n: Int) = n + local
        return helper(1) > 0
    }

    operator fun plus(items: List<Item>): Cart = this

    inner class Line {
        fun text() = "line"
    }
}

fun String.toItem(): Item {
    return Item(this)
}

fun <T> List<T>.second(): T = this[1]
