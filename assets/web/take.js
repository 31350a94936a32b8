// Plays the embedded take: orbit, play, pause, scrub. `#t=1.5` opens it still, 1.5 s in.
"use strict";

const at = (id) => document.getElementById(id);
const facts = JSON.parse(at("facts").textContent);
const state = { time: 0, isPlaying: true, isStale: true, last: null, follows: true };
const THEMES = {
  light: { ground: 0xf4f4f2, near: 0xb9bcc4, far: 0xdcdee2, sky: 0xffffff, floor: 0xb0aca4 },
  dark: { ground: 0x17191d, near: 0x4a505b, far: 0x2a2e35, sky: 0xe8ecf5, floor: 0x40444c },
};

function start() {
  const renderer = new THREE.WebGLRenderer({ canvas: at("view"), antialias: true });
  const scene = new THREE.Scene();
  const camera = new THREE.PerspectiveCamera(35, 1, 0.001, 1e4);
  const controls = new THREE.OrbitControls(camera, at("view"));
  controls.enableDamping = false;
  controls.addEventListener("change", () => { state.isStale = true; });
  const sky = new THREE.HemisphereLight(0xffffff, 0x808080, 1.7);
  const sun = new THREE.DirectionalLight(0xffffff, 1.9);
  sun.position.set(1.5, 3, 2);
  scene.add(sky, sun);
  const page = { renderer, scene, camera, controls, sky, grid: null };
  new THREE.GLTFLoader().parse(bytesOf(at("glb").textContent).buffer, "",
    (file) => show(page, file), (error) => complain(error.message));
}

function bytesOf(text) {
  const plain = atob(text.trim());
  const bytes = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i);
  return bytes;
}

function show(page, file) {
  page.scene.add(file.scene);
  file.scene.traverse((node) => { node.frustumCulled = false; });  // it leaves its rest bounds
  page.mover = file.scene.getObjectByName("root") || file.scene.children[0];
  const clip = file.animations[0];
  page.duration = clip ? clip.duration : 0;
  if (clip) {
    page.mixer = new THREE.AnimationMixer(file.scene);
    page.action = page.mixer.clipAction(clip);
    page.action.play();
  }
  at("about").textContent = facts.about;
  at("transport").hidden = !(page.duration > 0);
  at("scrub").max = page.duration;
  wire(page);
  readAddress();
  setTheme(page, matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  goHome(page);
  document.body.dataset.state = "ready";
  requestAnimationFrame((now) => tick(page, now));
}

function wire(page) {
  at("play").onclick = () => setPlaying(!state.isPlaying);
  at("scrub").oninput = () => seek(page, Number(at("scrub").value));
  at("home").onclick = () => goHome(page);
  at("theme").onclick = () => {
    setTheme(page, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  };
  at("follow").onclick = () => {
    state.follows = !state.follows;
    at("follow").setAttribute("aria-pressed", String(state.follows));
  };
  addEventListener("resize", () => { state.isStale = true; });
  addEventListener("hashchange", readAddress);
  addEventListener("keydown", (event) => onKey(page, event));
}

function onKey(page, event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.target.tagName === "SELECT" || event.ctrlKey || event.metaKey) return;
  if (event.key === " " && event.target.tagName !== "BUTTON") setPlaying(!state.isPlaying);
  else if (step && event.target !== at("scrub")) seek(page, state.time + step / facts.fps);
  else return;
  event.preventDefault();
}

function seek(page, time) {
  setPlaying(false);
  state.time = Math.min(Math.max(time, 0), page.duration);
  state.isStale = true;
}

function readAddress() {
  const match = /[#&]t=([0-9.]+)/.exec(location.hash);
  if (!match) return;
  setPlaying(false);
  state.time = Number(match[1]) || 0;
  state.isStale = true;
}

function setPlaying(isPlaying) {
  state.isPlaying = isPlaying;
  state.isStale = true;
  at("play").innerHTML = isPlaying ? "&#10074;&#10074;" : "&#9654;";
  at("play").setAttribute("aria-label", isPlaying ? "Pause" : "Play");
}

function setTheme(page, name) {
  const theme = THEMES[name];
  document.documentElement.dataset.theme = name;
  at("theme").textContent = name === "dark" ? "Light" : "Dark";
  page.scene.background = new THREE.Color(theme.ground);
  page.sky.color.set(theme.sky);
  page.sky.groundColor.set(theme.floor);
  if (page.grid) { page.scene.remove(page.grid); page.grid.dispose(); }
  if (facts.has_ground) {
    page.grid = new THREE.GridHelper(40 * facts.cell_m, 40, theme.near, theme.far);
    page.scene.add(page.grid);
  }
  state.isStale = true;
}

function goHome(page) {
  pose(page);
  const low = new THREE.Vector3(...facts.low), high = new THREE.Vector3(...facts.high);
  const size = high.clone().sub(low).length();
  const centre = low.add(high).multiplyScalar(0.5);
  const here = page.mover.getWorldPosition(new THREE.Vector3());
  page.controls.target.copy(here).add(centre);
  const portrait = Math.max(1, innerHeight / innerWidth);
  page.camera.position.copy(page.controls.target)
    .add(new THREE.Vector3(0.75, 0.32, 0.75).normalize().multiplyScalar(1.3 * size * portrait));
  page.camera.near = size / 100;
  page.camera.far = size * 1000;
  page.camera.updateProjectionMatrix();
  page.before = here;
  page.controls.update();
  state.isStale = true;
}

function pose(page) {
  if (!page.action) return;
  state.time = Math.min(state.time, page.duration);
  page.action.time = state.time;
  page.mixer.update(0);
  page.scene.updateMatrixWorld();
}

function follow(page) {
  const here = page.mover.getWorldPosition(new THREE.Vector3());
  if (state.follows && page.before) {
    const moved = here.clone().sub(page.before);
    page.controls.target.add(moved);
    page.camera.position.add(moved);
  }
  page.before = here;
}

function tick(page, now) {
  const passed = state.last === null ? 0 : Math.min(0.2, (now - state.last) / 1000);
  state.last = now;
  if (state.isPlaying && page.duration > 0) {
    state.time = (state.time + passed * Number(at("speed").value)) % page.duration;
    state.isStale = true;
  }
  if (state.isStale) draw(page);
  requestAnimationFrame((next) => tick(page, next));
}

function draw(page) {
  fit(page);
  pose(page);
  follow(page);
  page.controls.update();
  at("scrub").value = state.time;
  at("clock").textContent = `${state.time.toFixed(2)} / ${page.duration.toFixed(2)} s`;
  page.renderer.render(page.scene, page.camera);
  state.isStale = false;
}

function fit(page) {
  const ratio = Math.min(devicePixelRatio, 2);
  page.renderer.setPixelRatio(ratio);
  page.renderer.setSize(innerWidth, innerHeight, false);
  page.camera.aspect = innerWidth / innerHeight;
  page.camera.updateProjectionMatrix();
}

function complain(text) {
  at("trouble").textContent = `The take cannot be shown here: ${text}`;
  at("trouble").hidden = false;
  document.body.dataset.state = "failed";
}

try { start(); } catch (error) { complain(error.message); }
