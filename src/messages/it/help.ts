import { type HelpSection, imageQuestions } from './help-images.ts'
import { doctorQuestions, sharingQuestions } from './help-sharing.ts'

/** What the answers depend on. */
export type HelpFacts = {
  availableDays: number
  sharing: boolean
  removal: boolean
  /** PIN2 is told at the desk alone, never by e-mail (S5). */
  pin2AtDesk?: boolean | undefined
}

export const help = {
  title: 'Aiuto e contatti',
  heading: 'Domande frequenti',
  lead: 'Le risposte alle domande più comuni su PIN, referti e immagini. Se non trovi quello che cerchi, in fondo alla pagina ci sono i contatti.',
  index: 'In questa pagina',
  contactsTitle: 'Contatti',
  contactsText: 'Quando ci scrivi o ci chiami non comunicare mai i PIN: non ci servono per aiutarti.',
  sections: (facts: HelpFacts): HelpSection[] => [
    pinQuestions(facts),
    reportQuestions(facts),
    imageQuestions,
    sharingQuestions(facts),
    ...(facts.sharing ? [doctorQuestions] : []),
  ],
}

const pinQuestions = ({ pin2AtDesk }: HelpFacts): HelpSection => ({
  id: 'pin',
  title: 'I PIN e l’accesso',
  questions: [
    {
      id: 'dove-sono-i-pin',
      question: 'Dove trovo i miei PIN?',
      answer: [
        '**PIN1** (12 cifre) è stampato sul foglio che ti è stato dato allo sportello, al momento dell’accettazione.',
        pin2AtDesk
          ? '**PIN2** (8 cifre) te lo dice lo sportello, di persona, quando il referto è pronto: un’e-mail senza PIN ti avvisa.'
          : '**PIN2** (8 cifre) ti arriva per e-mail quando il referto è pronto, all’indirizzo che hai lasciato allo sportello.',
        'Li ricevi per due strade diverse apposta: chi ne trova uno solo non può vedere nulla.',
      ],
    },
    pin2AtDesk ? pin2AtDeskQuestion : pin2ByMailQuestion,
    {
      id: 'pin-sbagliato',
      question: 'Il portale dice che i PIN non sono corretti',
      answer: [
        {
          list: [
            `Ricontrolla le cifre sul foglio e ${pin2AtDesk ? 'quelle avute allo sportello' : 'nell’e-mail'}. Spazi e trattini non contano.`,
            'Se hai chiesto un nuovo PIN2, vale solo l’ultimo ricevuto.',
            'Ogni foglio vale per una visita: PIN1 e PIN2 devono riferirsi alla stessa.',
            'Se il periodo di pubblicazione è finito, o il referto è stato rimosso, i PIN non funzionano più: la copia su carta si può sempre ritirare allo sportello.',
          ],
        },
        'Per sicurezza il portale non dice quale dei due è sbagliato.',
      ],
    },
    {
      id: 'accesso-sospeso',
      question: 'Il mio accesso è sospeso',
      answer: [
        'Dopo alcuni PIN2 sbagliati l’accesso si blocca per 15 minuti, poi per tempi più lunghi: serve a proteggerti da chi prova a indovinare. La pagina indica da che ora puoi riprovare; lo sportello può sbloccarlo prima.',
      ],
    },
    {
      id: 'foglio-perso',
      question: 'Ho perso il foglio con il PIN1',
      answer: [
        'Torna allo sportello con un documento: può stampare un nuovo PIN1. Quello vecchio smette subito di funzionare. Il PIN1 non viene mai mandato per e-mail o detto al telefono.',
      ],
    },
    {
      id: 'sessione-chiusa',
      question: 'Perché la sessione si è chiusa da sola?',
      answer: [
        'Dopo 15 minuti senza attività, e comunque dopo 8 ore, la sessione si chiude: così chi usa il computer dopo di te non vede i tuoi dati. Un avviso ti permette di restare. Su un computer condiviso premi sempre **Esci**.',
      ],
    },
  ],
})

type Question = HelpSection['questions'][number]

const pin2ByMailQuestion: Question = {
  id: 'pin2-non-arrivato',
  question: 'Il PIN2 non è arrivato: che cosa faccio?',
  answer: [
    'L’e-mail parte quando il referto è pubblicato: possono passare alcuni giorni dall’esame.',
    {
      list: [
        'Guarda nella posta indesiderata (spam) e nelle altre cartelle della posta.',
        'Se il referto dovrebbe essere pronto, [chiedi un nuovo PIN2](/pin2): serve il PIN1. Quello vecchio smette di funzionare.',
        'Se non arriva nemmeno così, l’indirizzo registrato può essere sbagliato o la casella piena: rivolgiti allo sportello, che può correggerlo.',
        'Senza il tuo consenso al servizio online, o senza un indirizzo e-mail, non viene pubblicato nulla e non parte nessuna e-mail.',
      ],
    },
  ],
}

const pin2AtDeskQuestion: Question = {
  id: 'pin2-non-arrivato',
  question: 'Non ho il PIN2: che cosa faccio?',
  answer: [
    'In questo portale il PIN2 non viaggia per e-mail: lo comunica solo lo sportello, di persona, quando il referto è pubblicato. Possono passare alcuni giorni dall’esame.',
    {
      list: [
        'Un’e-mail ti avvisa quando il referto è pronto: cercala anche nella posta indesiderata (spam).',
        'Va’ allo sportello con il foglio del PIN1 e un documento. Se avevi già un PIN2, quello vecchio smette di funzionare.',
        'Se l’avviso non arriva, l’indirizzo registrato può essere sbagliato o la casella piena: lo sportello può correggerlo.',
        'Senza il tuo consenso al servizio online, o senza un indirizzo e-mail, non viene pubblicato nulla e non parte nessun avviso.',
      ],
    },
  ],
}

const reportQuestions = ({ availableDays }: HelpFacts): HelpSection => ({
  id: 'referto',
  title: 'Il referto',
  questions: [
    {
      id: 'per-quanto-tempo',
      question: 'Per quanto tempo il referto resta online?',
      answer: [
        `${availableDays} giorni dalla pubblicazione: l’ultimo giorno è scritto accanto a ogni referto. Se il referto viene corretto o completato, i giorni ripartono.`,
        'Dopo quella data il referto e le immagini non sono più raggiungibili online: se ti servono, scaricali prima. La copia su carta si può ritirare allo sportello anche dopo.',
      ],
    },
    {
      id: 'quanto-ci-vuole',
      question: 'Quanto tempo serve per consultare il referto?',
      answer: [
        'Leggere il referto richiede pochi secondi. Per scaricare le immagini può bastare meno di un minuto o volerci di più, secondo l’esame e la tua linea: prima del download la pagina misura la linea e indica il tempo previsto.',
      ],
    },
    {
      id: 'aprire-p7m',
      question: 'Come apro il referto firmato (.p7m)?',
      answer: [
        'Per **leggere** il referto non serve aprirlo: premi **Visualizza referto** e lo vedi nella pagina, anche dal telefono.',
        'Il file **.p7m** è il documento con la firma digitale del medico: è quello che ha valore legale. Conservalo così com’è.',
        {
          list: [
            '**Windows, macOS e Linux**: si apre con un programma per la firma digitale, per esempio Dike GoSign, ArubaSign o FirmaCerta (versioni gratuite per la sola verifica).',
            '**Telefono e tablet**: le app degli stessi fornitori aprono i file .p7m. Se l’e-mail o il gestore di file non lo riconosce, usa **Visualizza referto**.',
            'Alcuni siti aprono i .p7m nel browser: ricorda che in quel caso affidi a loro un documento sanitario.',
          ],
        },
        'Se il file scaricato finisce in **.pdf**, la firma è dentro il PDF: lo apri con qualsiasi lettore e Adobe Acrobat Reader mostra la firma.',
      ],
    },
    {
      id: 'valore-legale',
      question: 'Posso stampare il referto e usarlo come documento?',
      answer: [
        'Puoi stamparlo per leggerlo o portarlo al medico. Valore legale ha però solo il file firmato digitalmente, oppure la copia su carta rilasciata dallo sportello.',
      ],
    },
  ],
})
