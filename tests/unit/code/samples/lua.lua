-- Carts and what is in them.
local json = require("json")

local M = {}
local MAX_ITEMS <const> = 100
M.VERSION = "1.0"

---One line.
local function helper(a, b)
  local function inner(x)
    return x
  end
  return inner(a) + b
end

function M.new(owner)
  local self = setmetatable({}, M)
  self.owner = owner
  return self
end

function M:add(item, times)
  table.insert(self.items, item)
end

function M.util.clamp(value)
  return math.min(value, MAX_ITEMS)
end

M.format = function(price)
  return price .. " EUR"
end

local round = function(value)
  return math.floor(value)
end

function global_function(...)
  return select("#", ...)
end

local handlers = {
  open = function(path)
    return io.open(path)
  end,
  ["close"] = function() end,
  limit = 5,
}

return M
