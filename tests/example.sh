#!/bin/sh
# An example that prints what was recorded shows the rows of the feature table that it stands for:
# 04_supervised row 4.1, a classifier and a regression, trained from the data to the end; 08_overfitting
# row 8.1, what is learned falls, what is held out rises; 08_bias_variance row 8.2, by resampling.
# usage: example.sh NAME     from the repository's root, after build/NAME and build/compare
if build/"$1" >build/log/"$1".out && build/compare "examples/$1.out" build/log/"$1".out; then
    echo "1 passed, 0 failed"
else
    echo "FAIL examples/$1 prints what was recorded"
    echo "0 passed, 1 failed"
    exit 1
fi
