import type { Messages } from '../../messages/it.ts'
import type { SignatureReport, SignerReport } from '../../signature/signature.ts'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icons.ts'
import type { Site } from '../../ui/site.ts'

type Verdict = 'valid' | 'partly' | 'doubtful' | 'altered' | 'unverifiable' | 'none'
const ICON: Record<Verdict, IconName> = {
  valid: 'it-check-circle',
  partly: 'it-info-circle',
  doubtful: 'it-warning-circle',
  altered: 'it-error',
  unverifiable: 'it-warning-circle',
  none: 'it-info-circle',
}

/**
 * Who signed, when, whether the document is unaltered and who vouches for the signer, in plain words (S19): the
 * verdict in one line above the report, the facts on request.
 */
export function SignatureFacts({ site, signature }: { site: Site; signature: SignatureReport }) {
  const texts = site.messages.report.signature
  const verdict = verdictOf(signature)
  const names = signature.signers.map(({ name }) => texts.signedBy(name ?? texts.unknownSigner))
  return (
    <details class={`portal-signature portal-signature-${verdict}`} open={verdict === 'altered'}>
      <summary>
        <Icon site={site} name={ICON[verdict]} />
        <h2>
          {texts.titles[verdict]}
          {names.length > 0 && <span class="portal-signers">{names.join(', ')}</span>}
        </h2>
        <span class="portal-signature-more">{texts.more}</span>
      </summary>
      <div class="portal-signature-facts">
        {verdict === 'none' && <p>{texts.none}</p>}
        {verdict === 'unverifiable' && <p>{texts.unverifiable}</p>}
        {signature.signers.map((signer) => (
          <>
            <p class="portal-signer">{texts.signedBy(signer.name ?? texts.unknownSigner)}</p>
            <ul>
              {signerFacts(signer, site.messages).map((fact) => (
                <li>{fact}</li>
              ))}
            </ul>
          </>
        ))}
        {verdict !== 'none' && <p class="portal-hint">{texts.own}</p>}
      </div>
    </details>
  )
}

/** The verdict and the signers in one line, for the disc's page (S19). */
export function signatureSummary({ report }: Messages, signature: SignatureReport): string {
  const { titles, signedBy, unknownSigner } = report.signature
  const names = signature.signers.map(({ name }) => signedBy(name ?? unknownSigner))
  return [titles[verdictOf(signature)], ...names].join('. ')
}

// What did not hold is told apart from what was not checked. "Verified" is said only where there is neither: without a CRL, revocation is; and of a
// certificate that has expired since, only a timestamp can tell whether it signed in time.
function verdictOf({ status, signers }: SignatureReport): Verdict {
  if (status !== 'valid') return status
  const failed = ({ trusted, inValidity, revocation }: SignerReport) =>
    trusted === false || inValidity === false || revocation === 'revoked'
  if (signers.some(failed)) return 'doubtful'
  const whole = signers.every(
    (signer) =>
      signer.trusted === true &&
      signer.inValidity === true &&
      signer.revocation === 'not-revoked' &&
      (signer.certificate?.expired === false || isTimeProven(signer)),
  )
  return whole && signers.length > 0 ? 'valid' : 'partly'
}

const isTimeProven = ({ signedAtSource, timestamp }: SignerReport): boolean =>
  signedAtSource === 'timestamp' && timestamp?.trusted === true && timestamp.revocation === 'not-revoked'

/** Each fact of each signer in words of its own, for the disc's page (S19). */
export function signatureFacts(messages: Messages, { signers }: SignatureReport): string[] {
  const { signedBy, unknownSigner } = messages.report.signature
  return signers.flatMap((signer) => [
    `${signedBy(signer.name ?? unknownSigner)}.`,
    ...signerFacts(signer, messages),
  ])
}

function signerFacts(signer: SignerReport, messages: Messages): string[] {
  const texts = messages.report.signature
  const { certificate, inValidity, revocation, covers, problem } = signer
  const facts = [
    signer.taxCode && texts.taxCode(signer.taxCode),
    told(signer.unaltered, texts.unaltered, texts.altered, texts.unalteredUnknown),
    signingTime(signer, messages),
    ...timestampFacts(signer, messages),
    certificate?.issuer && texts.issuer(certificate.issuer),
    told(signer.trusted, texts.trusted, texts.untrusted, texts.trustUnknown),
    inValidity !== null && (inValidity ? texts.inValidity : texts.outOfValidity),
    inValidity && certificate?.expired && expiry(signer, new Date(certificate.validUntil), messages),
    texts.revocation[revocation],
    covers === 'earlier-version' && texts.earlierVersion,
    problem && texts.problems[problem],
  ]
  return facts.filter((fact) => typeof fact === 'string').filter((fact) => fact !== '')
}

/** Of the token that proves the time: whose it is, whether its authority is trusted here, and whether it was revoked. */
function timestampFacts({ timestamp }: SignerReport, { report }: Messages): string[] {
  if (!timestamp) return []
  const texts = report.signature
  return [
    ...(timestamp.authority ? [texts.timestampBy(timestamp.authority)] : []),
    told(timestamp.trusted, texts.timestampTrusted, texts.timestampUntrusted, texts.timestampUnknown),
    // What was checked before the revocation of timestamps was looked up says nothing of it.
    texts.timestampRevocation[timestamp.revocation ?? 'not-checked'],
  ]
}

function expiry(signer: SignerReport, validUntil: Date, { report }: Messages): string {
  const { expired, expiredUnproven } = report.signature
  return (isTimeProven(signer) ? expired : expiredUnproven)(formatInstantDay(validUntil))
}

function signingTime({ signedAt, signedAtSource }: SignerReport, messages: Messages): string {
  const texts = messages.report.signature
  if (signedAt === null) return texts.noTime
  const instant = new Date(signedAt)
  const tell = signedAtSource === 'timestamp' ? texts.timestampedAt : texts.signedAt
  return tell(formatInstantDay(instant), formatInstantTime(instant))
}

function told(fact: boolean | null, yes: string, no: string, unknown: string): string {
  if (fact === null) return unknown
  return fact ? yes : no
}
