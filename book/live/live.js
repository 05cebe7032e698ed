// What the live pages share: controls, the loop of frames, the curve of losses. The page's own script
// gives `page` and its controls; `wasm`, the program in base64, stands before this file.
const SIZE = 340, ink = '#1b1b1b', blue = '#0072b2', orange = '#e69f00', grey = '#8a8a8a';
const box = document.createElement('section');
const fields = [], losses = [];
let page, speed, compiled, program, running = !matchMedia('(prefers-reduced-motion: reduce)').matches;
let due = 0, since = 0, frames = 0, rate = 0;

function make(tag, parent, properties) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}
const picture = make('div', box), controls = make('div', box, { className: 'controls' });
const buttons = make('div', box, { className: 'buttons' });
const status = make('p', box, { className: 'status' });
// A drawing of so many points; its numbers are also in the status line, for those who cannot see it.
function drawing(width, height, label) {
  const canvas = make('canvas', picture, { width: 2 * width, height: 2 * height });
  canvas.style.width = width + 'px';
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  const pen = Object.assign(canvas.getContext('2d'), { textAlign: 'center', textBaseline: 'middle' });
  pen.scale(2, 2);
  return pen;
}
// Pixels n by n, and show(pen), which draws them over the whole of a drawing.
function tiles(n) {
  const own = Object.assign(document.createElement('canvas'), { width: n, height: n }).getContext('2d');
  const pixels = own.createImageData(n, n);
  const show = (pen) => { own.putImageData(pixels, 0, 0), pen.drawImage(own.canvas, 0, 0, SIZE, SIZE); };
  return { data: pixels.data, show };
}
// A control with its label: a choice among {text: value}, or a number. act() when it has changed.
function control(text, options, value, act) {
  const field = make(options ? 'select' : 'input', make('label', controls, { textContent: text + ' ' }));
  for (const key in options) make('option', field, { textContent: key, value: options[key] });
  if (!options) Object.assign(field, { type: 'number', min: 0.0001, max: 10, step: 'any' });
  field.value = value;
  field.onchange = () => { if (field.checkValidity() && field.value) act(); };
  return field;
}
// One that is setting[index] of the program; afterwards all begins anew, unless it is for the run.
function setting(index, text, options, value, forTheRun) {
  fields[index] = control(text, options, value, () => (forTheRun ? send() : restart()));
}
function button(text, act) { return make('button', buttons, { textContent: text, onclick: act }); }
// The array of the program with that name.
function array(name, length, type = Float32Array) {
  return new type(program.memory.buffer, program[name].value, length);
}
function send() { fields.forEach((f, i) => { array('setting', i + 1, Float64Array)[i] = +f.value; }); }
function restart() {
  program = new WebAssembly.Instance(compiled).exports;
  send();
  program.begin();
  losses.length = 0;
  if (page.restarted) page.restarted();
}
function steps(n) {
  for (; n > 0 && !(losses.length >= page.most); n--) losses.push(program.step());
  if (Number.isNaN(losses[losses.length - 1])) throw new Error('the loss is no number any more');
}
// A click, or arrow keys and Enter: act(x, y), each from -1 to 1. Returns what draws the cross of the keys.
function pointer(pen, act) {
  const canvas = Object.assign(pen.canvas, { tabIndex: 0 }), at = [0, 0];
  let keys = false;
  canvas.onblur = () => { keys = false; };
  canvas.onclick = (e) => {
    const r = canvas.getBoundingClientRect();
    act(2 * (e.clientX - r.left) / r.width - 1, 1 - 2 * (e.clientY - r.top) / r.height);
  };
  canvas.onkeydown = (e) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
    if (move) move.forEach((d, i) => { at[i] = Math.max(-1, Math.min(1, at[i] + d / 20)); });
    else if (e.key === 'Enter') act(at[0], at[1]);
    else return;
    keys = true;
    e.preventDefault();
  };
  return () => {
    const x = (at[0] + 1) * SIZE / 2, y = (1 - at[1]) * SIZE / 2;
    if (keys) line(pen, ink, 2, [[x - 9, y], [x + 9, y]]), line(pen, ink, 2, [[x, y - 9], [x, y + 9]]);
  };
}

function line(pen, colour, width, points, dash = []) {
  Object.assign(pen, { strokeStyle: colour, lineWidth: width }).setLineDash(dash);
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
}
function text(pen, words, x, y, font = '14px sans-serif', colour = ink) {
  Object.assign(pen, { font, fillStyle: colour }).fillText(words, x, y);
}
function disc(pen, colour, x, y, radius) {
  pen.fillStyle = colour;
  pen.beginPath(), pen.arc(x, y, radius, 0, 7), pen.fill();
}
function curve(pen, width = SIZE, height = 90) { // of all losses since the beginning, from 0 up
  const most = losses.reduce((a, b) => Math.max(a, b), 1e-9), n = losses.length, every = Math.ceil(n / width);
  const points = [];
  pen.clearRect(0, 0, width, height);
  for (let i = 0; i < n; i += every)
    points.push([8 + (width - 16) * i / Math.max(n - 1, 1), height - 8 - (height - 30) * losses[i] / most]);
  line(pen, grey, 1, [[8, height - 8], [width - 8, height - 8]]);
  line(pen, blue, 2, points);
  text(pen, `loss: highest ${most.toFixed(3)}, now ${n ? losses[n - 1].toFixed(3) : '-'}`, width / 2, 11);
}

function frame(now) {
  try {
    if (running) due += +speed.value;
    steps(Math.floor(due));
    due %= 1, frames++;
    page.draw();
    if (now - since >= 1000) rate = 1000 * frames / (now - since), since = now, frames = 0;
    const loss = losses[losses.length - 1];
    status.textContent = `${losses.length} steps. ${page.says()} ${rate.toFixed(0)} frames a second.`;
    Object.assign(document.body.dataset, { fps: rate.toFixed(1), first: losses[0], loss });
    requestAnimationFrame(frame);
  } catch (error) { status.textContent = `Stopped: ${error.message}. Load the page again.`; console.error(error); }
}

async function start(thePage) {
  page = thePage;
  speed = control('speed', page.speeds, page.beginning, () => {});
  const run = button(running ? 'pause' : 'run', () => { running = !running, run.textContent = running ? 'pause' : 'run'; });
  button('one step', () => steps(1));
  button('begin anew', restart);
  document.querySelector('main blockquote').replaceWith(box);
  box.className = 'live';
  compiled = await WebAssembly.compile(Uint8Array.from(atob(wasm), (c) => c.charCodeAt(0)));
  restart();
  requestAnimationFrame((now) => { since = now, frame(now); });
}
