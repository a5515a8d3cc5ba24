import type { SignatureReport, SignerReport } from '../../signature/signature.ts'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import type { Site } from '../../ui/site.ts'

type Verdict = 'valid' | 'partly' | 'altered' | 'unverifiable' | 'none'
const ICON: Record<Verdict, IconName> = {
  valid: 'it-check-circle',
  partly: 'it-info-circle',
  altered: 'it-error',
  unverifiable: 'it-warning-circle',
  none: 'it-info-circle',
}

/** Who signed, when, whether the document is unaltered and who vouches for the signer, in plain words (S19). */
export function SignatureFacts({ site, signature }: { site: Site; signature: SignatureReport }) {
  const texts = site.messages.report.signature
  const verdict = verdictOf(signature)
  return (
    <section class={`portal-signature portal-signature-${verdict}`} aria-labelledby="signature-title">
      <h2 id="signature-title">{texts.heading}</h2>
      <p class="portal-signature-verdict">
        <Icon site={site} name={ICON[verdict]} />
        <strong>{texts.titles[verdict]}</strong>
      </p>
      {signature.status === 'none' && <p>{texts.none}</p>}
      {signature.status === 'unverifiable' && <p>{texts.unverifiable}</p>}
      {signature.signers.map((signer) => (
        <>
          <p class="portal-signer">{texts.signedBy(signer.name ?? texts.unknownSigner)}</p>
          <ul>
            {signerFacts(signer, site).map((fact) => (
              <li>{fact}</li>
            ))}
          </ul>
        </>
      ))}
      {signature.status !== 'none' && <p class="portal-hint">{texts.own}</p>}
    </section>
  )
}

// "Verified" is said only when nothing was left unchecked and nothing was found wanting.
function verdictOf({ status, signers }: SignatureReport): Verdict {
  if (status !== 'valid') return status
  const whole = signers.every((signer) => signer.trusted === true && signer.inValidity === true)
  return whole && signers.length > 0 ? 'valid' : 'partly'
}

function signerFacts(signer: SignerReport, site: Site): string[] {
  const texts = site.messages.report.signature
  const facts = [told(signer.unaltered, texts.unaltered, texts.altered, texts.unalteredUnknown)]
  const signedAt = signer.signedAt === null ? null : new Date(signer.signedAt)
  facts.push(
    signedAt ? texts.signedAt(formatInstantDay(signedAt), formatInstantTime(signedAt)) : texts.noTime,
  )
  facts.push(told(signer.trusted, texts.trusted, texts.untrusted, texts.trustUnknown))
  if (signer.inValidity !== null) facts.push(signer.inValidity ? texts.inValidity : texts.outOfValidity)
  return facts
}

function told(fact: boolean | null, yes: string, no: string, unknown: string): string {
  if (fact === null) return unknown
  return fact ? yes : no
}
