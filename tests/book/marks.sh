# [first]
echo a whole file
# [/first]

# [second]
echo without its marks
# [/second]
