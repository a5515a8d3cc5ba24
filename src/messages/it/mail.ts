/** A mail as plain data: src/mail writes it as text and as HTML. Lines of personal data are never put in here. */
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

/** S5, S7, S11b: no exam name, no patient name, no PIN1, nothing of the report (S38). `pin2` in groups of four. */
export const mail = {
  published: (facts: MailFacts, pin2: string): MailText => ({
    subject: `Portale Referti ${facts.organisation}: nuovo referto disponibile`,
    blocks: [
      {
        kind: 'text',
        text: `Le comunichiamo la disponibilità di un nuovo referto on line relativo all’accesso-prestazione del ${facts.visitDay}.`,
      },
      { kind: 'pin', label: 'Le comunichiamo che il PIN2 è il seguente:', pin: pin2 },
      ...whereAndHow(
        facts,
        'Per entrare servono il PIN1, stampato sul foglio ricevuto all’accettazione, e questo PIN2.',
      ),
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
      ...whereAndHow(
        facts,
        'Per entrare usi il PIN1 del foglio ricevuto all’accettazione e il PIN2 che ha già ricevuto.',
      ),
      ...closing(facts),
    ],
  }),
  updated: (facts: MailFacts): MailText => ({
    subject: `Portale Referti ${facts.organisation}: referto aggiornato`,
    blocks: [
      {
        kind: 'text',
        text: `Le comunichiamo che un referto on line relativo all’accesso-prestazione del ${facts.visitDay} è stato aggiornato. La nuova versione sostituisce la precedente: La invitiamo a leggerla.`,
      },
      ...whereAndHow(
        facts,
        'Per entrare usi il PIN1 del foglio ricevuto all’accettazione e il PIN2 che ha già ricevuto.',
      ),
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
      { kind: 'pin', label: 'Le comunichiamo che il PIN2 è il seguente:', pin: pin2 },
      ...whereAndHow(
        facts,
        'Per entrare servono il PIN1, stampato sul foglio ricevuto all’accettazione, e questo PIN2.',
      ),
      {
        kind: 'text',
        text: 'Se non ha chiesto Lei un nuovo PIN2 non deve fare nulla: senza il PIN1 nessuno può entrare.',
      },
      ...closing(facts),
    ],
  }),
}

function whereAndHow(facts: MailFacts, how: string): MailBlock[] {
  return [
    { kind: 'link', label: 'Il referto è consultabile all’indirizzo:', url: facts.portalUrl },
    { kind: 'text', text: how },
    {
      kind: 'text',
      text: `Resterà disponibile on line sino al ${facts.availableUntil}. Nella pagina web troverà anche una sezione con le domande più frequenti e i contatti per la richiesta di eventuale supporto.`,
    },
  ]
}

function closing(facts: MailFacts): MailBlock[] {
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
