// Do the live pages of build/html/live live?
//     live.js hash PAGE.wasm        100 steps of the program: the last loss and the hash, as tests/live.c prints
//     live.js look PAGE.html [SCREENSHOT.png [WIDTH [JAVASCRIPT]]]
//         in headless Chromium, for seconds: no message on the console, a falling loss, frames per second
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const [, , what, file, picture, width = 1000, script = '0'] = process.argv;

function hash() {
  const p = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports;
  let loss = 0;
  p.begin();
  for (let i = 0; i < 100; i++) loss = p.step();
  console.log(loss.toFixed(6), (p.hash() >>> 0).toString(16).padStart(8, '0'));
}

async function look() { // the browser is spoken to by the protocol of its developer tools, through two pipes
  const browser = spawn('chromium', ['--headless', '--no-sandbox', '--hide-scrollbars', '--remote-debugging-pipe'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const limit = setTimeout(() => { console.log('no answer'); browser.kill(); process.exitCode = 1; }, 60000);
  const waiting = new Map(), complaints = [];
  let text = '', id = 0, sessionId;
  const ask = (method, params = {}) => new Promise((resolve) => {
    waiting.set(++id, resolve);
    browser.stdio[3].write(JSON.stringify({ id, sessionId, method, params }) + '\0');
  });
  browser.stdio[4].setEncoding('utf8').on('data', (data) => {
    const messages = (text + data).split('\0');
    text = messages.pop();
    for (const m of messages.map((one) => JSON.parse(one))) {
      if (m.id) waiting.get(m.id)(m.result);
      else if (/exceptionThrown|consoleAPICalled|entryAdded/.test(m.method)) complaints.push(JSON.stringify(m.params));
    }
  });
  const { targetId } = await ask('Target.createTarget', { url: 'about:blank' });
  ({ sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true }));
  for (const domain of ['Runtime', 'Log', 'Page']) await ask(domain + '.enable');
  await ask('Emulation.setDeviceMetricsOverride', { width: +width, height: 1500, deviceScaleFactor: 1, mobile: false });
  await ask('Page.navigate', { url: 'file://' + require('node:path').resolve(file) });
  const sleep = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });
  const value = async (expression) => (await ask('Runtime.evaluate', { expression, returnByValue: true })).result.value;
  await sleep(1);
  await value(script);
  await sleep(5);
  const seen = await value('({ ...document.body.dataset, wide: document.documentElement.scrollWidth })');
  if (picture) writeFileSync(picture, (await ask('Page.captureScreenshot')).data, 'base64');
  clearTimeout(limit);
  browser.kill();
  console.log(`${file}: ${seen.fps} frames per second, loss ${seen.first} -> ${seen.loss}`, ...complaints);
  if (complaints.length || !(+seen.fps > 0) || !(+seen.loss < +seen.first) || seen.wide > +width) process.exitCode = 1;
}

if (what === 'hash') hash();
else look();
