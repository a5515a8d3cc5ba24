/**
 * Why pixels cannot be had: `unsupported` (a form that nothing here reads), `corrupt` (not what its Transfer Syntax says),
 * `mismatch` (a frame of another shape than the instance's attributes say).
 */
export type PixelFault = 'unsupported' | 'corrupt' | 'mismatch'

/** Pixels cannot be had, and are not made up. The message is for developers, and holds nothing of the patient. */
export class PixelError extends Error {
  override readonly name = 'PixelError'
  readonly fault: PixelFault

  constructor(fault: PixelFault, message: string) {
    super(message)
    this.fault = fault
  }
}
