/**
 * The inverse DCT of a block, in place, by the integers of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), rounded
 * where the reference software of the 12-bit decoders rounds: they agree to the bit.
 */
export function inverseDct(block: Int32Array): void {
  for (let x = 0; x < 8; x++) pass(block, x, 8, CONST_BITS - PASS1_BITS)
  for (let y = 0; y < 8; y++) pass(block, 8 * y, 1, CONST_BITS + PASS1_BITS + 3)
}

const CONST_BITS = 13
const PASS1_BITS = 1 // of 12-bit samples, so that nothing overflows 32 bits

/** Numbers such as 1.175875602 in units of 2^-13. */
const fix = (value: number): number => Math.round(value * 2 ** CONST_BITS)
const F_0_298631336 = fix(0.298631336)
const F_0_390180644 = fix(0.390180644)
const F_0_541196100 = fix(0.5411961)
const F_0_765366865 = fix(0.765366865)
const F_0_899976223 = fix(0.899976223)
const F_1_175875602 = fix(1.175875602)
const F_1_501321110 = fix(1.50132111)
const F_1_847759065 = fix(1.847759065)
const F_1_961570560 = fix(1.96157056)
const F_2_053119869 = fix(2.053119869)
const F_2_562915447 = fix(2.562915447)
const F_3_072711026 = fix(3.072711026)

/** Eight values, `step` apart from `at` on. */
function pass(block: Int32Array, at: number, step: number, shift: number): void {
  const value = (index: number) => block[at + index * step] ?? 0
  // Even part.
  const z1 = (value(2) + value(6)) * F_0_541196100
  const even2 = z1 - value(6) * F_1_847759065
  const even3 = z1 + value(2) * F_0_765366865
  const even0 = (value(0) + value(4)) * 2 ** CONST_BITS
  const even1 = (value(0) - value(4)) * 2 ** CONST_BITS
  const [e0, e3, e1, e2] = [even0 + even3, even0 - even3, even1 + even2, even1 - even2]
  // Odd part.
  const [o7, o5, o3, o1] = [value(7), value(5), value(3), value(1)]
  const z5 = (o7 + o3 + o5 + o1) * F_1_175875602
  const a = -(o7 + o1) * F_0_899976223
  const b = -(o5 + o3) * F_2_562915447
  const c = -(o7 + o3) * F_1_961570560 + z5
  const d = -(o5 + o1) * F_0_390180644 + z5
  const odd0 = o7 * F_0_298631336 + a + c
  const odd1 = o5 * F_2_053119869 + b + d
  const odd2 = o3 * F_3_072711026 + b + c
  const odd3 = o1 * F_1_501321110 + a + d
  const half = 2 ** (shift - 1)
  // Not by >>: a hostile block may be beyond 32 bits, and must only be wrong, not undefined.
  const put = (index: number, sum: number) => {
    block[at + index * step] = Math.floor((sum + half) / 2 ** shift)
  }
  put(0, e0 + odd3)
  put(7, e0 - odd3)
  put(1, e1 + odd2)
  put(6, e1 - odd2)
  put(2, e2 + odd1)
  put(5, e2 - odd1)
  put(3, e3 + odd0)
  put(4, e3 - odd0)
}
