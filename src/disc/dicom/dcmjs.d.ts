// dcmjs ships no types; this is all of it that we use.
declare module 'dcmjs' {
  const dcmjs: {
    data: {
      DicomMetaDictionary: {
        /** By tag as in `(0010,0010)`; ambiguous VRs have lower-case names such as `ox` and `xs`. */
        dictionary: Record<string, { tag: string; vr: string; name: string } | undefined>
      }
    }
  }
  export default dcmjs
}
