/** A worker's script, bundled, as text (viewer/light-build.ts). */
declare module 'worker:*' {
  const source: string
  export default source
}
