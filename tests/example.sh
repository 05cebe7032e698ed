#!/bin/sh
# An example that prints what was recorded shows the rows of the feature table that it stands for:
# 04_supervised row 4.1, a classifier and a regression, trained from the data to the end; 08_overfitting
# row 8.1, what is learned falls, what is held out rises; 08_bias_variance row 8.2, by resampling. The rows
# of chapter 17: 17_lbfgs and 17_landscape 17.1; 17_gan 17.2; 17_vae 17.3; 17_flow 17.4; 17_gcn 17.5;
# 17_contrast 17.6; 17_qlearning and 17_policy 17.7; 17_explain 17.8; 17_int8, 17_prune and 17_distill 17.9;
# 17_fairness, 17_private, 17_federated and 17_adversarial 17.10; 17_spiking 17.11; 17_wordvectors 18.1.
# usage: example.sh NAME     from the repository's root, after build/NAME and build/compare
if build/"$1" >build/log/"$1".out && build/compare "examples/$1.out" build/log/"$1".out; then
    echo "1 passed, 0 failed"
else
    echo "FAIL examples/$1 prints what was recorded"
    echo "0 passed, 1 failed"
    exit 1
fi
