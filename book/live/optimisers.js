const GRID = 160, MOST = 400, ground = tiles(GRID);
const rules = [['SGD', '#1b1b1b', []], ['momentum', '#0072b2', [7, 3]], ['Nesterov', '#56b4e9', []],
  ['AdaGrad', '#009e73', [2, 2]], ['RMSprop', '#cc79a7', []], ['Adam', '#d55e00', [7, 3]]];
const rates = [[0.02, 0.01, 0.01, 0.4, 0.04, 0.15], [0.03, 0.03, 0.03, 0.4, 0.04, 0.15],
  [0.1, 0.03, 0.03, 0.2, 0.03, 0.1], [0.1, 0.03, 0.03, 0.2, 0.03, 0.05]]; // for each surface
const pen = drawing(SIZE, SIZE, 'Lines of equal height of the surface and the path of each rule');

setting(0, 'surface', { 'a curved valley': 0, 'a narrow bowl': 1, 'a saddle': 2, 'two hollows': 3 }, 0);
fields[0].onchange = () => {
  rates[fields[0].value].forEach((r, k) => { fields[3 + k].value = r; });
  restart();
};
setting(1, 'start: a', null, -1.2);
setting(2, 'b', null, 1.2);
for (let i = 1; i < 3; i++) fields[i].min = -2, fields[i].max = 2;
rules.forEach(([name], k) => setting(3 + k, `${k + 1} ${name}, rate`, null, rates[0][k]));
const cross = pointer(pen, (x, y) => {
  fields[1].value = (2 * x).toFixed(2), fields[2].value = (2 * y).toFixed(2);
  restart();
});
function restarted() { // a darker band each time the root of the height has grown by `band`
  const all = array('height', GRID * GRID, Float64Array), low = Math.min(...all);
  const band = [0.4, 0.4, 0.2, 0.12][fields[0].value];
  all.forEach((height, i) => {
    const shade = 250 - 9 * Math.min(Math.floor(Math.sqrt(height - low) / band), 12);
    ground.data.set([shade, shade, shade, 255], 4 * i);
  });
}
function draw() {
  const path = array('path', 6 * MOST * 2, Float64Array), n = array('steps', 1, Int32Array)[0];
  const x = (a) => (a + 2) * SIZE / 4, y = (b) => (2 - b) * SIZE / 4;
  ground.show(pen);
  rules.forEach(([, colour, dash], k) => {
    const points = [];
    for (let i = 0; i < n; i++) points.push([x(path[2 * (k * MOST + i)]), y(path[2 * (k * MOST + i) + 1])]);
    line(pen, colour, 2, points, dash);
  });
  rules.forEach(([, colour], k) => { // each at the end of its path, by its number
    const at = 2 * (k * MOST + n - 1);
    disc(pen, colour, x(path[at]), y(path[at + 1]), 8);
    text(pen, k + 1, x(path[at]), y(path[at + 1]) + 1, 'bold 12px sans-serif', '#fff');
  });
  cross();
}
start({ draw, restarted, most: MOST,
  says: () => 'Losses: ' + rules.map(([name], k) => `${name} ${array('loss', 6, Float64Array)[k].toPrecision(2)}`).join(', ') + '.',
  speeds: { '1 step in 6 frames': 1 / 6, '1 step per frame': 1, '8 steps per frame': 8 }, beginning: 1 / 6 });
