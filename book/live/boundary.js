const GRID = 48, ground = tiles(GRID);
const pen = drawing(SIZE, SIZE, 'The square of inputs, coloured by what the network answers there, and the points');
const below = drawing(SIZE, 90, 'The loss after each step');
setting(1, 'points', { 'two moons': 0, 'a ring': 1, XOR: 2, 'two spirals': 3, 'none, I draw': 4 }, 0);
setting(2, 'hidden layers', { none: 0, 1: 1, 2: 2 }, 2);
setting(3, 'units in each', { 1: 1, 2: 2, 3: 3, 4: 4, 8: 8, 16: 16 }, 8);
setting(4, 'activation', { tanh: 2, ReLU: 3, sigmoid: 1, 'none (identity)': 0 }, 2);
setting(5, 'learning rate', { 0.0001: 1e-4, 0.001: 1e-3, 0.005: 5e-3, 0.02: 0.02, 0.1: 0.1, '1.0': 1 }, 0.02, true);
setting(0, 'seed', { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }, 1);
const adds = control('a click adds', { 'a blue circle': 0, 'an orange square': 1 }, 0, () => {});
const cross = pointer(pen, (x, y) => program.add_point(x, y, +adds.value));
function draw() {
  program.see();
  const p = array('grid', GRID * GRID), count = array('n_points', 1, Int32Array)[0];
  const points = array('points', 2 * count), classes = array('classes', count);
  for (let i = 0; i < p.length; i++) { // blue at 0, white at 1/2, orange at 1
    const strength = Math.abs(2 * p[i] - 1) * 0.75, full = p[i] < 0.5 ? [0, 114, 178] : [230, 159, 0];
    ground.data.set([...full.map((c) => 255 + strength * (c - 255)), 255], 4 * i);
  }
  ground.show(pen);
  for (let i = 0; i < count; i++) {
    const x = (points[2 * i] + 1) * SIZE / 2, y = (1 - points[2 * i + 1]) * SIZE / 2;
    if (classes[i]) text(pen, '■', x, y, '12px sans-serif'), text(pen, '■', x, y, '9px sans-serif', orange);
    else disc(pen, ink, x, y, 4), disc(pen, blue, x, y, 3);
  }
  cross();
  curve(below);
}
start({ draw, says: () => `${array('n_points', 1, Int32Array)[0]} samples.`,
  speeds: { '1 step per frame': 1, '4 steps per frame': 4, '1 step in 10 frames': 0.1 }, beginning: 1 });
