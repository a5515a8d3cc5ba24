/** A mail as plain data: src/mail writes it as text and as HTML. */
export type MailText = { subject: string; blocks: MailBlock[] }
export type MailBlock =
  | { kind: 'text'; text: string }
  | { kind: 'pin'; label: string; pin: string }
  | { kind: 'link'; label: string; url: string }
  | { kind: 'small'; text: string }

export type MailFacts = {
  organisation: string
  portalUrl: string
  /** Already written for the reader: gg/mm/aaaa. */
  visitDay: string
  availableUntil: string
  /** Where to write if one is not the addressee, or to ask for help. */
  contactEmail?: string | undefined
}

/** What is told of a share; every day already written for the reader: gg/mm/aaaa. */
type SharedFacts = { reportDay: string; link: string; availableUntil: string }
type Sender = Pick<MailFacts, 'organisation' | 'contactEmail'>

/**
 * S5, S7, S11b, S27: no exam name, no patient name, no PIN1, nothing of the report (S38). `pin2` in groups of four.
 * Only `shared` names patient and exams, to the doctor the patient chose (S33); `sharedMasked` does not (S35b).
 */
export const mail = {
  published: (facts: MailFacts, pin2: string): MailText => ({
    subject: `Portale Referti ${facts.organisation}: nuovo referto disponibile`,
    blocks: [
      {
        kind: 'text',
        text: `Le comunichiamo la disponibilità di un nuovo referto on line relativo all’accesso-prestazione del ${facts.visitDay}.`,
      },
      ...pin2Block(pin2),
      ...whereAndHow(facts, WITH_THIS_PIN2),
      ...closing(facts),
    ],
  }),
  publishedFurther: (facts: MailFacts): MailText => ({
    subject: `Portale Referti ${facts.organisation}: un altro referto disponibile`,
    blocks: [
      {
        kind: 'text',
        text: `Le comunichiamo la disponibilità di un altro referto on line relativo all’accesso-prestazione del ${facts.visitDay}.`,
      },
      ...whereAndHow(facts, WITH_KNOWN_PIN2),
      ...closing(facts),
    ],
  }),
  /** With a PIN2 where the one before never came. */
  updated: (facts: MailFacts, pin2: string | null, known = WITH_KNOWN_PIN2): MailText => ({
    subject: `Portale Referti ${facts.organisation}: referto aggiornato`,
    blocks: [
      {
        kind: 'text',
        text: `Le comunichiamo che un referto on line relativo all’accesso-prestazione del ${facts.visitDay} è stato aggiornato. La nuova versione sostituisce la precedente: La invitiamo a leggerla.`,
      },
      ...pin2Block(pin2),
      ...whereAndHow(facts, pin2 ? WITH_THIS_PIN2 : known),
      ...closing(facts),
    ],
  }),
  newPin2: (facts: MailFacts, pin2: string): MailText => ({
    subject: `Portale Referti ${facts.organisation}: nuovo PIN2`,
    blocks: [
      {
        kind: 'text',
        text: `Le inviamo un nuovo PIN2 per i referti on line relativi all’accesso-prestazione del ${facts.visitDay}. Il PIN2 precedente non è più valido.`,
      },
      ...pin2Block(pin2),
      ...whereAndHow(facts, WITH_THIS_PIN2),
      {
        kind: 'text',
        text: 'Se non ha chiesto Lei un nuovo PIN2, qualcuno potrebbe avere il Suo PIN1: lo faccia sostituire allo sportello.',
      },
      ...closing(facts),
    ],
  }),
  /** With a PIN2 where the one before never came. */
  reminder: (facts: MailFacts, pin2: string | null, known = WITH_KNOWN_OR_NEW_PIN2): MailText => ({
    subject: `Portale Referti ${facts.organisation}: un referto non è ancora stato letto`,
    blocks: [
      {
        kind: 'text',
        text: `Le ricordiamo che un referto on line relativo all’accesso-prestazione del ${facts.visitDay} non è ancora stato letto.`,
      },
      ...pin2Block(pin2),
      ...whereAndHow(facts, pin2 ? WITH_THIS_PIN2 : known),
      {
        kind: 'text',
        text: 'Dopo quella data potrà ancora ritirare il referto su carta allo sportello. Se lo ha già ritirato non deve fare nulla.',
      },
      ...closing(facts),
    ],
  }),
  shared: (sender: Sender, facts: SharedFacts & { patientName: string; exams: string[] }): MailText => ({
    subject: sharedSubject(sender),
    blocks: [
      {
        kind: 'text',
        text: `Il paziente ${facts.patientName} ha condiviso con Lei il referto del ${facts.reportDay} relativo alle prestazioni: ${facts.exams.join(', ')}.`,
      },
      ...howToOpen(sender, facts),
    ],
  }),
  sharedMasked: (sender: Sender, facts: SharedFacts & { initials: string }): MailText => ({
    subject: sharedSubject(sender),
    blocks: [
      {
        kind: 'text',
        text: `Un paziente (iniziali: ${facts.initials}) ha condiviso con Lei un referto del ${facts.reportDay}.`,
      },
      ...howToOpen(sender, facts),
    ],
  }),
}

const WITH_THIS_PIN2 =
  'Per entrare servono il PIN1, stampato sul foglio ricevuto all’accettazione, e questo PIN2.'
const WITH_KNOWN_PIN2 =
  'Per entrare usi il PIN1 del foglio ricevuto all’accettazione e il PIN2 che ha già ricevuto.'
const WITH_KNOWN_OR_NEW_PIN2 = `${WITH_KNOWN_PIN2} Se non trova il PIN2 può chiederne uno nuovo dalla pagina di accesso.`

const pin2Block = (pin2: string | null): MailBlock[] =>
  pin2 ? [{ kind: 'pin', label: 'Le comunichiamo che il PIN2 è il seguente:', pin: pin2 }] : []

const sharedSubject = ({ organisation }: Sender) =>
  `Portale Referti ${organisation}: un paziente ha condiviso con Lei un referto`

/** To the doctor: the link here, the PIN from the patient by another way (S29, S33). */
function howToOpen(sender: Sender, { link, availableUntil }: SharedFacts): MailBlock[] {
  return [
    {
      kind: 'link',
      label: 'Acceda al seguente link, sarà richiesto il PIN fornito dal paziente:',
      url: link,
    },
    {
      kind: 'text',
      text: 'Il PIN non è in questa e-mail: il paziente glielo comunica per telefono, SMS o di persona. Se non lo ha ricevuto, lo chieda al paziente.',
    },
    {
      kind: 'text',
      text: `Referto e immagini si vedono nel browser, senza installare nulla, sino al ${availableUntil}. Il paziente può interrompere prima la condivisione.`,
    },
    ...closing(sender),
  ]
}

/** Where the report is, how one gets in, until when. */
export function whereAndHow(facts: MailFacts, how: string): MailBlock[] {
  return [
    { kind: 'link', label: 'Il referto è consultabile all’indirizzo:', url: facts.portalUrl },
    { kind: 'text', text: how },
    {
      kind: 'text',
      text: `Resterà disponibile on line sino al ${facts.availableUntil}. Nella pagina web troverà anche una sezione con le domande più frequenti e i contatti per la richiesta di eventuale supporto.`,
    },
  ]
}

/** What every mail ends with: sender, no answers, confidentiality. */
export function closing(facts: Sender): MailBlock[] {
  const report = facts.contactEmail
    ? ` e di avvisarci scrivendo a ${facts.contactEmail}`
    : ` e di avvisare ${facts.organisation}`
  return [
    { kind: 'text', text: facts.organisation },
    {
      kind: 'small',
      text: 'Non Le chiederemo mai i PIN per telefono o per e-mail. Questo messaggio è inviato in automatico: La preghiamo di non rispondere a questo indirizzo.',
    },
    {
      kind: 'small',
      text: `Le informazioni contenute in questo messaggio sono riservate e destinate esclusivamente al destinatario, ai sensi del Regolamento UE 2016/679. Se lo ha ricevuto per errore, La preghiamo di cancellarlo, di non farne alcun uso${report}.`,
    },
  ]
}
