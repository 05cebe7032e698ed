# [first]
echo a whole file
[no mark]
# [/first]

# [second]
echo without its marks
# [/second]
