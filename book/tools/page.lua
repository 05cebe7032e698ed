-- What pandoc must know beyond GitHub's Markdown.

-- A ```math fence is a formula.
function CodeBlock(block)
  if block.classes[1] == 'math' then
    return pandoc.Para({ pandoc.Math('DisplayMath', block.text) })
  end
end

-- A link to a page of the book leads to its HTML, any other file is where it is: in the repository,
-- two directories above build/html.
function Link(link)
  local path, anchor = link.target:match('^([^#]*)(.*)$')
  if path == '' or path:match('^%a+:') then return nil end
  if path == 'README.md' then
    link.target = 'index.html' .. anchor
  elseif path:match('^[^/]+%.md$') then
    link.target = path:gsub('%.md$', '.html') .. anchor
  elseif path:match('^%.%./') then
    link.target = '../' .. link.target
  elseif not path:match('^fig/') then
    link.target = '../../book/' .. link.target
  end
  return link
end
