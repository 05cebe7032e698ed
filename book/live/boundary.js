const SIZE = 340, GRID = 48;
const pen = drawing(SIZE, SIZE, 'The square of inputs, coloured by what the network answers there, and the points');
const below = drawing(SIZE, 90, 'The loss after each step');
const small = document.createElement('canvas').getContext('2d');
small.canvas.width = small.canvas.height = GRID;
const pixels = small.createImageData(GRID, GRID);

setting(1, 'points', { 'two moons': 0, 'a ring': 1, XOR: 2, 'two spirals': 3, 'none, I draw': 4 }, 0);
setting(2, 'hidden layers', { none: 0, 1: 1, 2: 2 }, 2);
setting(3, 'units in each', { 1: 1, 2: 2, 4: 4, 8: 8, 16: 16 }, 8);
setting(4, 'activation', { tanh: 2, ReLU: 3, sigmoid: 1, 'none (identity)': 0 }, 2);
setting(5, 'learning rate', { 0.0001: 1e-4, 0.001: 1e-3, 0.005: 5e-3, 0.02: 0.02, 0.1: 0.1, 1: 1 }, 0.02, true);
setting(0, 'seed', { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }, 1);
const adds = control('a click adds', { 'a blue circle': 0, 'an orange square': 1 }, 0, () => {});
const cross = pointer(pen, (x, y) => program.add_point(x, y, +adds.value));

function draw() {
  program.see();
  const p = array('grid', GRID * GRID), count = array('n_points', 1, Int32Array)[0];
  const points = array('points', 2 * count), classes = array('classes', count);
  for (let i = 0; i < p.length; i++) { // blue at 0, white at 1/2, orange at 1
    const strength = Math.abs(2 * p[i] - 1) * 0.75, full = p[i] < 0.5 ? [0, 114, 178] : [230, 159, 0];
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 255 + strength * (full[c] - 255);
    pixels.data[4 * i + 3] = 255;
  }
  small.putImageData(pixels, 0, 0);
  pen.drawImage(small.canvas, 0, 0, SIZE, SIZE);
  pen.strokeStyle = ink, pen.lineWidth = 1;
  pen.setLineDash([]);
  for (let i = 0; i < count; i++) {
    const x = (points[2 * i] + 1) * SIZE / 2, y = (1 - points[2 * i + 1]) * SIZE / 2;
    pen.beginPath();
    if (classes[i]) pen.rect(x - 3, y - 3, 6, 6);
    else pen.arc(x, y, 3.5, 0, 7);
    pen.fillStyle = classes[i] ? orange : blue;
    pen.fill(), pen.stroke();
  }
  cross(SIZE);
  curve(below, SIZE, 90);
}

start({ draw, says: () => `Loss ${losses.length ? losses[losses.length - 1].toFixed(4) : '-'}.`,
  speeds: { '1 step per frame': 1, '4 steps per frame': 4, '1 step in 10 frames': 0.1 }, beginning: 1 });
