import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoSigner, signP7m } from '../../scripts/demo-data/sign.ts'

/** A .p7m around a PDF, signed by openssl. */
export async function signed(pdf: Uint8Array): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-fhir-'))
  const identity = { givenName: 'Anna', familyName: 'Verdi', taxCode: 'VRDNNA70A41D205X' }
  const signer = await demoSigner(directory, identity)
  const [input, output] = [join(directory, 'in.pdf'), join(directory, 'out.p7m')]
  await writeFile(input, pdf)
  await signP7m(signer, input, output)
  const document = await readFile(output)
  await rm(directory, { recursive: true })
  return document
}
