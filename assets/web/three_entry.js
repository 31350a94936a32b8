// What the web page uses of three.js 0.187.0. `three.min.js` was built of this file:
//   npm pack three@0.187.0 and esbuild@0.28.2, then
//   esbuild three_entry.js --bundle --minify --format=iife --global-name=THREE \
//     --legal-comments=none --target=es2020 --outfile=three.min.js
export {
  AnimationMixer, Color, DirectionalLight, GridHelper, HemisphereLight, PerspectiveCamera, Scene,
  Vector3, WebGLRenderer,
} from "three";
export { OrbitControls } from "three/addons/controls/OrbitControls.js";
export { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
