const T = 8, CELL = 33, LEFT = 66, TOP = 56;
const pen = drawing(SIZE, 328, 'A square of 8 rows and 8 columns: how much each place looked at each');
const below = drawing(SIZE, 90, 'The loss after each step');

setting(1, 'task', { 'reverse order': 0, 'copy': 1, 'swap neighbours': 2, 'the one before': 3 }, 0);
setting(2, 'heads', { 1: 1, 2: 2, 4: 4 }, 1);
setting(3, 'learning rate', { 0.0001: 1e-4, 0.001: 1e-3, 0.003: 3e-3, 0.01: 0.01, 0.1: 0.1 }, 0.01, true);
setting(0, 'seed', { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }, 1);
const head = control('show head', { 1: 0, 2: 1, 3: 2, 4: 3 }, 0, () => {});
const digits = control('your eight digits', null, '12345678', () => {});
Object.assign(digits, { type: 'text', pattern: '[0-9]{8}', inputMode: 'numeric', maxLength: 8 });
let right = 0;
function draw() {
  if (/^[0-9]{8}$/.test(digits.value)) array('input', T, Int32Array).set([...digits.value].map(Number));
  if (+head.value >= +fields[2].value) head.value = fields[2].value - 1; // there is no such head
  program.see();
  const input = array('input', T, Int32Array), said = array('said', T, Int32Array);
  const wanted = array('wanted', T, Int32Array), shown = +head.value;
  const map = array('map', 4 * T * T).subarray(shown * T * T);
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, SIZE, 328);
  text(pen, `what head ${shown + 1} looks at, in %`, LEFT + 4 * CELL, 14);
  text(pen, 'says', 32, 36);
  right = 0;
  for (let t = 0; t < T; t++) {
    const good = said[t] === wanted[t];
    right += good;
    text(pen, input[t], LEFT + (t + 0.5) * CELL, 40, 'bold 18px sans-serif');
    text(pen, said[t] + (good ? ' ✓' : ' ✗'), 32, TOP + (t + 0.5) * CELL, '18px sans-serif', good ? ink : '#b03a00');
    for (let s = 0; s < T; s++) {
      const p = map[t * T + s], x = LEFT + s * CELL, y = TOP + t * CELL;
      pen.fillStyle = `rgb(${255 - 255 * p}, ${255 - 141 * p}, ${255 - 77 * p})`;
      pen.fillRect(x, y, CELL - 1, CELL - 1);
      text(pen, (100 * p).toFixed(0), x + CELL / 2, y + CELL / 2, '12px sans-serif', p > 0.85 ? '#fff' : ink);
    }
  }
  curve(below);
}
start({ draw, says: () => `Right: ${right} of 8.`,
  speeds: { '1 step per frame': 1, '2 steps per frame': 2, '1 step in 10 frames': 0.1 }, beginning: 1 });
