-- Memories beside the code: starts `recall lsp` for files of projects, shows lenses, and adds `:Recall`.
-- Works with Neovim 0.7 and later, and needs nothing else.

local M = {}

local defaults = {
  cmd = { "recall", "lsp" }, -- how the server is started
  lenses = true, -- show code lenses, and keep them up to date
  everywhere = false, -- also for files that are in no git repository, but below a folder made known by `recall up`
}
local options = vim.deepcopy(defaults)
local kept_by_neovim = vim.lsp.codelens.enable ~= nil -- from 0.12 it asks for lenses by itself
local client_id = nil
local ready = false -- whether the server has answered its first request

local TYPES = {
  "decision", "pattern", "convention", "architecture", "debugging", "bug_fix", "dependency", "configuration",
  "performance", "security", "preference", "reference", "learning", "general",
}

-- The server ---------------------------------------------------------------------------------------

local function client()
  return client_id and vim.lsp.get_client_by_id(client_id) or nil
end

local function attached(bufnr)
  return client() ~= nil and vim.lsp.buf_is_attached(bufnr, client_id)
end

local function request(method, params, answered, bufnr)
  local server = client()
  if not server then
    vim.notify("recall: no server runs here; open a file of a project first", vim.log.levels.WARN)
  elseif vim.fn.has("nvim-0.11") == 1 then
    server:request(method, params, answered, bufnr)
  else
    server.request(method, params, answered, bufnr)
  end
end

-- Show the lenses of a buffer as they are now.
function M.refresh(bufnr)
  if kept_by_neovim or not (options.lenses and ready and vim.api.nvim_buf_is_loaded(bufnr) and attached(bufnr)) then
    return
  end
  local params = { textDocument = { uri = vim.uri_from_bufnr(bufnr) } }
  -- Not by `codelens.refresh`, which in 0.7 never asks again where no server was ready at the first time.
  request("textDocument/codeLens", params, function(refused, lenses, context)
    if vim.api.nvim_buf_is_loaded(bufnr) then
      vim.lsp.codelens.on_codelens(refused, lenses, context)
    end
  end, bufnr)
end

local function refresh_all()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    M.refresh(bufnr)
  end
  return vim.NIL
end

local function capabilities()
  local made = vim.lsp.protocol.make_client_capabilities()
  made.workspace = vim.tbl_deep_extend("force", made.workspace or {}, { codeLens = { refreshSupport = true } })
  return made
end

local function start(bufnr)
  local config = {
    name = "recall",
    cmd = options.cmd,
    capabilities = capabilities(),
    init_options = { prompts = true },
    handlers = { ["workspace/codeLens/refresh"] = not kept_by_neovim and refresh_all or nil },
    on_attach = function(_, bufnr)
      ready = true
      if kept_by_neovim and options.lenses then
        vim.lsp.codelens.enable(true, { bufnr = bufnr })
      end
      M.refresh(bufnr)
    end,
    on_exit = function()
      client_id, ready = nil, false
    end,
  }
  client_id = vim.lsp.start and vim.lsp.start(config, { bufnr = bufnr }) or vim.lsp.start_client(config)
end

local function in_repository(file)
  local folder = vim.fn.escape(vim.fn.fnamemodify(file, ":p:h"), " ,;*?[{")
  return vim.fn.finddir(".git", folder .. ";") ~= "" or vim.fn.findfile(".git", folder .. ";") ~= ""
end

-- Have the server follow a buffer, if it is a file of a project.
function M.attach(bufnr)
  local file = vim.api.nvim_buf_get_name(bufnr)
  if file == "" or file:find("^%w+://") or vim.bo[bufnr].buftype ~= "" or attached(bufnr) then
    return
  end
  if not options.everywhere and not in_repository(file) then
    return
  end
  if not client() then
    start(bufnr)
  end
  if client_id then
    vim.lsp.buf_attach_client(bufnr, client_id)
  end
end

-- Pages --------------------------------------------------------------------------------------------

local function show(markdown)
  local lines = vim.split(markdown, "\n", { plain = true, trimempty = true })
  vim.lsp.util.open_floating_preview(lines, "markdown", {
    border = "rounded",
    max_width = math.min(100, vim.o.columns - 4),
    max_height = math.max(10, vim.o.lines - 6),
    focus_id = "recall",
  })
end

-- Run a command of the server; what it refuses is said in one line.
local function execute(name, arguments, answered)
  local bufnr = vim.api.nvim_get_current_buf()
  if arguments.uri == nil and attached(bufnr) then
    arguments.uri = vim.uri_from_bufnr(bufnr)
  end
  request("workspace/executeCommand", { command = name, arguments = { arguments } }, function(refused, result)
    if refused then
      vim.notify("recall: " .. refused.message, vim.log.levels.WARN)
    elseif result and result ~= vim.NIL and answered then
      answered(result)
    end
  end, bufnr)
end

local function show_ids(ids, uri)
  execute("recall.show", { ids = ids, uri = uri, open = false }, function(result)
    show(result.markdown)
  end)
end

-- Choose one of some memories, and see it.
local function pick(prompt, memories)
  if #memories == 0 then
    vim.notify("recall: nothing found")
    return
  end
  vim.ui.select(memories, {
    prompt = prompt,
    kind = "recall",
    format_item = function(memory)
      local stale = memory.verdict and memory.verdict ~= vim.NIL and memory.verdict ~= "current"
      return memory.title .. "  [" .. memory.memory_type .. (stale and ", " .. memory.verdict or "") .. "]"
    end,
  }, function(memory)
    if memory then
      show_ids({ memory.id })
    end
  end)
end

-- Commands -------------------------------------------------------------------------------------------

-- Ask for a text where a command of the server lacks one, then run it.
local function with_text(prompt)
  return function(command)
    local arguments = vim.deepcopy(command.arguments[1])
    if arguments.text then
      return execute(command.command, arguments)
    end
    vim.ui.input({ prompt = prompt }, function(text)
      if text and text ~= "" then
        arguments.text = text
        execute(command.command, arguments)
      end
    end)
  end
end

local subcommands = {}

function subcommands.search(words)
  execute("recall.search", { query = words, open = false }, function(result)
    pick("Memories for " .. words, result.results)
  end)
end

function subcommands.explore(words)
  execute("recall.explore", { query = words, open = false }, function(result)
    show(result.markdown)
  end)
end

function subcommands.audit(words)
  execute("recall.audit", { about = words ~= "" and words or nil, open = false }, function(result)
    local memories = vim.tbl_map(function(finding)
      return finding.memory
    end, result.findings)
    pick("To look at", memories)
  end)
end

-- `:Recall remember [TYPE] TEXT`; with a range, what is in it is tied to these lines, or is the text where none is given.
function subcommands.remember(words, range)
  local kind, rest = words:match("^(%S+)%s*(.*)$")
  if not vim.tbl_contains(TYPES, kind) then
    kind, rest = "general", words
  end
  local arguments = { memory_type = kind, text = rest }
  if range then
    arguments.lines = range
    if rest == "" then
      arguments.text = table.concat(vim.api.nvim_buf_get_lines(0, range[1] - 1, range[2], false), "\n")
    end
  end
  arguments.text = arguments.text ~= "" and arguments.text or nil
  with_text("Remember: ")({ command = "recall.remember", arguments = { arguments } })
end

function subcommands.show(words)
  if words ~= "" then
    return show_ids(vim.split(words, "%s+", { trimempty = true }))
  end
  local bufnr, line = vim.api.nvim_get_current_buf(), vim.api.nvim_win_get_cursor(0)[1] - 1
  local params = { textDocument = { uri = vim.uri_from_bufnr(bufnr) } }
  request("textDocument/codeLens", params, function(_, lenses)
    local nearest = nil
    for _, lens in ipairs(lenses or {}) do
      if lens.range.start.line <= line and (not nearest or lens.range.start.line >= nearest.range.start.line) then
        nearest = lens
      end
    end
    if nearest then
      show_ids(nearest.command.arguments[1].ids)
    else
      vim.notify("recall: no memories here")
    end
  end, bufnr)
end

function subcommands.actions()
  vim.lsp.buf.code_action()
end

local function run(given)
  local name, words = given.args:match("^(%S+)%s*(.*)$")
  local subcommand = subcommands[name]
  if not subcommand then
    vim.notify("recall: there is no :Recall " .. tostring(name), vim.log.levels.WARN)
    return
  end
  subcommand(words, given.range > 0 and { given.line1, given.line2 } or nil)
end

local function complete(lead, line)
  local names = line:find("^%S*Recall!?%s+remember%s") and TYPES or vim.tbl_keys(subcommands)
  table.sort(names)
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, names)
end

-- Start for all files of projects, now and later.
--
-- given: `cmd`, `lenses`, `everywhere`; what is left out is as in `defaults`.
function M.setup(given)
  options = vim.tbl_deep_extend("force", defaults, given or {})
  vim.api.nvim_create_user_command("Recall", run, { nargs = "+", range = true, complete = complete, desc = "Memories" })
  vim.lsp.commands["recall.show"] = function(command)
    show_ids(command.arguments[1].ids, command.arguments[1].uri)
  end
  vim.lsp.commands["recall.remember"] = with_text("Remember: ")
  vim.lsp.commands["recall.edit"] = with_text("New text: ")
  vim.lsp.commands["recall.supersede"] = with_text("In its place: ")

  local group = vim.api.nvim_create_augroup("recall", { clear = true })
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "BufWritePost" }, {
    group = group,
    callback = function(event)
      M.attach(event.buf)
    end,
  })
  vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "TextChanged" }, {
    group = group,
    callback = function(event)
      M.refresh(event.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      M.attach(bufnr)
    end
  end
end

return M
