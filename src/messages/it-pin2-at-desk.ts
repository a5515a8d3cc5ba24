import { closing, type MailFacts, type MailText, whereAndHow } from './it/mail.ts'
import { it, type Messages } from './it.ts'

const AT_DESK =
  'il PIN2 viene comunicato solo allo sportello, di persona: se non lo ha ancora, lo chieda lì con il foglio e un documento.'
const HOW = `Per entrare servono il PIN1, stampato sul foglio ricevuto all’accettazione, e il PIN2. Per sicurezza ${AT_DESK}`

/** The same catalogue for a portal that tells PIN2 at the desk alone (S5): no page, slip or mail promises one by e-mail. */
export const itPin2AtDesk: Messages = {
  ...it,
  login: {
    ...it.login,
    lead: 'Servono entrambi i PIN: uno ti è stato dato su carta, l’altro te lo dice lo sportello.',
    pin2Where: 'PIN2 ti viene comunicato allo sportello',
    pin2WhereMore:
      'Quando il referto è pronto ricevi un’e-mail di avviso, senza PIN. Il PIN2 chiedilo allo sportello, con il foglio e un documento.',
    wrong:
      'Controlla le cifre e riprova. Se hai chiesto un nuovo PIN2, vale solo l’ultimo. Se il periodo di pubblicazione è finito, o il referto è stato rimosso, i PIN non funzionano più. Dopo alcuni tentativi sbagliati l’accesso viene sospeso per un po’.',
    lockedForGood:
      'Ci sono stati troppi tentativi con PIN sbagliati: questo PIN2 non è più utilizzabile. Rivolgiti allo sportello per averne uno nuovo.',
    check: {
      ...it.login.check,
      looksLikePin2: 'Il PIN1 ha 12 cifre. Il codice di 8 cifre avuto allo sportello è il PIN2.',
      pin2: 'Il PIN2 è fatto di 8 cifre: te lo dice lo sportello.',
    },
  },
  pin2Request: {
    ...it.pin2Request,
    title: 'PIN2',
    heading: 'Non hai il PIN2?',
    lead: 'In questo portale il PIN2 viene comunicato solo allo sportello, di persona: porta il foglio con il PIN1 e un documento. Con un nuovo PIN2 quello precedente smette di funzionare.',
  },
  slip: {
    ...it.slip,
    steps: (days) => {
      const [, ...others] = it.slip.steps(days)
      return [
        'Quando il referto è pronto riceve un’e-mail di avviso. Il PIN2, la seconda parte, Le viene comunicato allo sportello.',
        ...others,
      ]
    },
  },
  accesses: {
    ...it.accesses,
    wrong:
      'Se vedi un accesso che non riconosci annulla le condivisioni e chiedi un nuovo PIN2 allo sportello, poi avvisaci:',
  },
  deskAttention: {
    ...it.deskAttention,
    kinds: {
      ...it.deskAttention.kinds,
      'mail-refused': {
        ...it.deskAttention.kinds['mail-refused'],
        help: 'La persona non ha ricevuto l’avviso: chiedi l’indirizzo giusto e correggilo, l’avviso riparte da solo.',
      },
    },
  },
  deskVisits: {
    ...it.deskVisits,
    visit: {
      ...it.deskVisits.visit,
      acts: {
        ...it.deskVisits.visit.acts,
        emailHint: 'Al nuovo indirizzo riparte l’avviso di ciò che è online; il PIN2 resta quello.',
      },
    },
  },
  mail: {
    ...it.mail,
    publishedFurther,
    updated: (facts, pin2) => it.mail.updated(facts, pin2, HOW),
    reminder: (facts, pin2) => it.mail.reminder(facts, pin2, HOW),
  },
}

/** The first notice as well as a further one: neither holds a PIN2, and nobody knows whether the person has been given it. */
function publishedFurther(facts: MailFacts): MailText {
  return {
    subject: `Portale Referti ${facts.organisation}: nuovo referto disponibile`,
    blocks: [
      {
        kind: 'text',
        text: `Le comunichiamo la disponibilità di un nuovo referto on line relativo all’accesso-prestazione del ${facts.visitDay}.`,
      },
      ...whereAndHow(facts, HOW),
      ...closing(facts),
    ],
  }
}
