/* ==== Chapter 1: neurons ============================================================== >>ch01 */

/* One neuron. */
float nn_neuron(const float *w);

/* A layer. Book: 2. */
int nn_layer(int in);

#ifdef NN_IMPLEMENTATION
#endif
