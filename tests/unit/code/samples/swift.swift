import Foundation

let maxItems = 100
public typealias Handler = (Item) -> Void

/// One line.
@frozen
public struct Item: Codable, Equatable {
    let sku: String
    var price: Double = 0
    static let tax = 0.19

    var total: Double {
        return price * (1 + Item.tax)
    }

    init(sku: String) {
        self.sku = sku
    }

    init?(json: [String: Any]) {
        return nil
    }
}

protocol Store: AnyObject {
    associatedtype Key
    var name: String { get }
    func get(_ key: Key) -> Item?
}

enum Color: String {
    case red, green
    case custom(code: Int)

    func label() -> String { rawValue }
}

@MainActor
open class Cart<T>: Base, Store where T: Hashable {
    private var items: [T] = []
    weak var owner: AnyObject?

    deinit {
        items = []
    }

    @discardableResult
    public func add(_ item: T, times: Int = 1) throws -> Bool {
        let local = 3
        func helper() -> Int { local }
        return helper() > 0
    }

    func add(_ items: [T]) async {}

    subscript(index: Int) -> T {
        return items[index]
    }

    class Line {}
}

extension Cart: CustomStringConvertible {
    var description: String { "cart" }

    func describe(to other: inout String) {}
}

actor Registry {
    func register() {}
}

func format(price: Double) -> String {
    return "\(price)"
}

infix operator **
func ** (left: Int, right: Int) -> Int { 1 }
