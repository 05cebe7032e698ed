-- What pandoc must know beyond GitHub's Markdown.

-- A ```math fence is a formula.
function CodeBlock(block)
  if block.classes[1] == 'math' then
    return pandoc.Para({ pandoc.Math('DisplayMath', block.text) })
  end
end

-- A link to a page of the book leads to its HTML, any other file is where it is: in the repository,
-- two directories above build/html. Pages in live/ are one directory further down, there as here.
function Link(link)
  local path, anchor = link.target:match('^([^#]*)(.*)$')
  if path == '' or path:match('^%a+:') then return nil end
  local live = PANDOC_STATE.input_files[1]:match('/live/[^/]+$')
  local up = live and '../' or ''
  if live then path = path:match('^%.%./(.*)') or 'live/' .. path end
  if path == 'README.md' then
    path = 'index.html'
  elseif path:match('^[^/]+%.md$') or path:match('^live/[^/]+%.md$') then
    path = path:gsub('%.md$', '.html')
  elseif path:match('^%.%./') then
    path = '../' .. path
  elseif not path:match('^fig/') then
    path = '../../book/' .. path
  end
  link.target = up .. path .. anchor
  return link
end
