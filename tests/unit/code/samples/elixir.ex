defmodule Example.Cart do
  @moduledoc """
  Carts and what is in them.
  """

  use GenServer
  alias Example.Item

  @max_items 100
  @type t :: %__MODULE__{items: [Item.t()]}

  defstruct items: [], owner: nil

  @doc "Starts."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []) do
    GenServer.start_link(__MODULE__, opts)
  end

  @impl true
  def handle_call({:get, key}, _from, state) do
    {:reply, Map.get(state, key), state}
  end

  def handle_call(:clear, _from, _state), do: {:reply, :ok, %{}}

  def total(cart) when is_map(cart) do
    Enum.sum(cart.items)
  end

  defp helper(a, b), do: a + b

  defmacro unless(condition, do: block) do
    quote do
      if !unquote(condition), do: unquote(block)
    end
  end

  defguard is_small(x) when x < 10

  def left <~> right do
    {left, right}
  end

  defdelegate size(cart), to: Enum, as: :count

  defmodule Line do
    def text, do: "line"
  end
end

defprotocol Example.Size do
  @doc "Size."
  def size(data)
end

defimpl Example.Size, for: Example.Cart do
  def size(cart), do: length(cart.items)
end

defmodule Example.CartTest do
  test "adds items" do
    assert true
  end
end
