-- Drives the server as Neovim does, and writes what it has seen as JSON. Its arguments come in the environment.
local seen = {}

local function wait(what, done)
  if not vim.wait(60000, done, 20) then
    error('waited in vain for ' .. what)
  end
end

local function lines(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n') .. '\n'
end

local function open(path)
  vim.cmd.edit(path)
  local buffer = vim.api.nvim_get_current_buf()
  wait('a client', function() return #vim.lsp.get_clients({ bufnr = buffer }) == 1 end)
  return buffer, vim.lsp.get_clients({ bufnr = buffer })[1]
end

local function ask(client, buffer, method, params)
  local answer = client:request_sync(method, params, 60000, buffer)
  assert(answer and not answer.err, vim.inspect(answer))
  return answer.result
end

local function findings(buffer)
  local found = {}
  for _, each in ipairs(vim.diagnostic.get(buffer)) do
    table.insert(found, { code = each.code, line = each.lnum + 1, column = each.col + 1, severity = each.severity })
  end
  return found
end

local function main()
  loadstring(vim.env.PAGE)()
  -- What a spec shows: hints behind lines.
  local buffer, client = open(vim.env.SOUND)
  local whole = { textDocument = vim.lsp.util.make_text_document_params(buffer),
    range = { start = { line = 0, character = 0 }, ['end'] = { line = 999, character = 0 } } }
  seen.hints = vim.tbl_map(function(each) return { line = each.position.line + 1, label = each.label } end,
    ask(client, buffer, 'textDocument/inlayHint', whole))
  seen.shown = vim.lsp.inlay_hint.is_enabled()
  -- Findings, and a fix that is applied.
  local broken
  broken, client = open(vim.env.BROKEN)
  wait('findings', function() return #vim.diagnostic.get(broken) > 0 end)
  seen.findings = findings(broken)
  local place = vim.diagnostic.get(broken)[1]
  vim.api.nvim_win_set_cursor(0, { place.lnum + 1, place.col })
  vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.isPreferred end })
  wait('the fix', function() return #vim.diagnostic.get(broken) == 0 end)
  seen.fixed = lines(broken)
  -- Another name, in a spec and what it extends.
  local own
  own, client = open(vim.env.OWN)
  vim.fn.search([[\$width]])
  vim.cmd.normal('l')
  vim.lsp.buf.rename('breadth')
  wait('the other name', function() return lines(own):find('breadth') ~= nil end)
  seen.own = lines(own)
  seen.base = lines(vim.fn.bufnr(vim.env.BASE))
end

local fine, problem = pcall(main)
seen.problem = not fine and tostring(problem) or nil
local file = assert(io.open(vim.env.SEEN, 'w'))
file:write(vim.json.encode(seen))
file:close()
for _, client in ipairs(vim.lsp.get_clients()) do client:stop() end
vim.wait(5000, function() return #vim.lsp.get_clients() == 0 end, 20)
vim.cmd('qall!')
