# frozen_string_literal: true

require 'json'

module Shop
  VERSION = '1.0'
  LIMITS = { max: 5 }.freeze

  class Error < StandardError; end

  # A cart.
  class Cart < Base
    include Enumerable
    attr_reader :items

    MAX = 100

    def initialize(owner, items: [])
      @owner = owner
      @items = items
    end

    def self.load(path)
      local = File.read(path)
      new(local)
    end

    class << self
      def build(*args, &block)
        new(*args, &block)
      end
    end

    def each(&block)
      @items.each(&block)
    end

    def empty? = @items.empty?

    def total=(value)
      @total = value
    end

    def [](index)
      @items[index]
    end

    private

    def helper
      <<~TEXT
        some text
      TEXT
    end
  end

  class Shop::Line
    alias_method :size, :length
  end

  module_function

  def format(price)
    "#{price} EUR"
  end
end

def top_level(a, b = 2)
  a + b
end

Point = Struct.new(:x, :y) do
  def length
    Math.sqrt(x * x + y * y)
  end
end
