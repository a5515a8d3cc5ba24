import type { HelpSection } from './help-images.ts'

/** Sharing, removing, and who has seen: what this portal can do, not what others can. */
export const sharingQuestions = ({
  sharing,
  removal,
  pin2AtDesk,
}: {
  sharing: boolean
  removal: boolean
  pin2AtDesk?: boolean | undefined
}): HelpSection => ({
  id: 'condividere-rimuovere',
  title: 'Condividere e rimuovere',
  questions: [
    {
      id: 'condividere',
      question: 'Come condivido referto e immagini con il mio medico?',
      answer: sharing
        ? [
            {
              steps: [
                'Nell’elenco dei referti premi **Condividi con il medico**: si apre **Invia referto e immagini al tuo medico di fiducia**.',
                'Scrivi cognome, nome ed e-mail del medico, scegli gli esami e premi **Condividi**. Ricontrolla i dati e conferma.',
                'Il medico riceve un’e-mail con un collegamento. A te mostriamo un PIN di 7 cifre: comunicaglielo tu, **per telefono o SMS, mai per e-mail**.',
              ],
            },
            'L’esame resta condiviso per 5 giorni, e mai oltre l’ultimo giorno in cui il referto è online. Puoi condividere con più medici: ognuno ha il suo collegamento e il suo PIN.',
            'Se siete insieme, il medico può inquadrare il codice QR che trovi in **Mostra PIN**. **Non dargli PIN1 e PIN2**: aprono tutti gli esami della visita.',
          ]
        : [
            'In questo portale la condivisione diretta con il medico non è ancora attiva.',
            'Puoi scaricare il referto firmato e le immagini (il file .iso) e consegnarli al medico su una chiavetta o un disco. **Non dargli i tuoi PIN**: aprono tutti gli esami della visita.',
          ],
    },
    ...(sharing ? [endingQuestion] : []),
    {
      id: 'chi-ha-visto',
      question: 'Come so chi ha visto il mio esame?',
      answer: [
        'Nell’elenco dei referti apri **Chi ha visto il mio esame**: trovi giorno per giorno chi ha letto o scaricato referto e immagini, chi è entrato e le condivisioni. Puoi scaricare l’elenco.',
        `Se qualcosa non ti torna, ${pin2AtDesk ? 'chiedi un altro PIN2 allo sportello' : '[fatti mandare un altro PIN2](/pin2)'}: quello di prima smette di funzionare. Poi avvisaci.`,
      ],
    },
    {
      id: 'ricevuta',
      question: 'Come dimostro di aver ritirato il referto?',
      answer: [
        'Leggere o scaricare il referto dal portale vale come ritiro: lo sportello lo vede. Dopo la prima volta, accanto al referto compare **Ricevuta di ritiro**: un PDF con le date, che puoi conservare.',
      ],
    },
    {
      id: 'rimuovere',
      question: 'Posso togliere il mio referto dal portale prima della scadenza?',
      answer: removal
        ? [
            'Sì, in ogni momento: nell’elenco dei referti premi **Rimuovi** sotto quel referto e conferma. Da quel momento PIN, condivisioni e download di quel referto non funzionano più. Se i referti sono più di uno, **Rimuovi tutto** li toglie insieme.',
            'L’operazione non si può annullare. La copia su carta resta disponibile allo sportello.',
          ]
        : [
            'Sì. Rivolgiti allo sportello e ritira il consenso al servizio online: referto e immagini vengono tolti subito dal portale e i PIN smettono di funzionare. La copia su carta resta disponibile.',
          ],
    },
  ],
})

const endingQuestion: HelpSection['questions'][number] = {
  id: 'annullare-condivisione',
  question: 'Ho sbagliato indirizzo, o il PIN non funziona più',
  answer: [
    {
      list: [
        '**Indirizzo sbagliato**: premi **Annulla** accanto alla condivisione. Il collegamento smette subito di funzionare; senza PIN nessuno ha potuto vedere nulla. Poi crea una nuova condivisione.',
        '**Il medico ha perso il PIN**: premi **Mostra PIN** e diglielo di nuovo.',
        '**Condivisione sospesa**: dopo cinque PIN sbagliati il collegamento si chiude. Premi **Nuovo PIN** e comunicalo al medico.',
        '**L’e-mail non arriva al medico**: può essere nella posta indesiderata. In **Mostra PIN** puoi copiare il collegamento e mandarglielo tu.',
      ],
    },
  ],
}

/** For the doctor of a share: formal, and reachable from the doctor's login (S34). */
export const doctorQuestions: HelpSection = {
  id: 'medico',
  title: 'Per il medico',
  questions: [
    {
      id: 'medico-accesso',
      question: 'Ho ricevuto un collegamento: come apro il referto?',
      answer: [
        {
          steps: [
            'Apra il collegamento dell’e-mail, o inquadri il codice QR mostrato dal paziente.',
            'Inserisca il PIN di 7 cifre che Le ha comunicato il paziente. Non è nell’e-mail e la struttura non lo conosce.',
            'Prema **Entra**: trova il referto, le immagini e il file firmato.',
          ],
        },
      ],
    },
    {
      id: 'medico-pin',
      question: 'Il PIN non viene accettato',
      answer: [
        {
          list: [
            'Controlli le cifre con il paziente: può leggerle di nuovo con **Mostra PIN**.',
            'Dopo cinque PIN sbagliati la condivisione viene sospesa: il paziente può creare un **Nuovo PIN**.',
            'La condivisione dura al massimo 5 giorni e il paziente può annullarla: in quel caso ne chieda una nuova.',
          ],
        },
      ],
    },
    {
      id: 'medico-collegamento',
      question: 'La pagina mi chiede il collegamento',
      answer: [
        'Succede se il programma di posta ha tagliato l’indirizzo, o se il browser blocca JavaScript. Copi dall’e-mail l’intero collegamento, compreso ciò che segue il simbolo #, e lo incolli nella casella **Collegamento ricevuto**.',
      ],
    },
    {
      id: 'medico-immagini',
      question: 'Problemi nella visualizzazione dei referti o delle immagini',
      answer: [
        {
          list: [
            'Referto e immagini si vedono nel browser, senza installare programmi e senza finestre pop-up. Usi un browser aggiornato (Chrome, Edge, Firefox o Safari).',
            'Alcune reti aziendali o ospedaliere bloccano i siti che non conoscono: provi da un’altra linea, anche dal telefono.',
            'Per lavorare con il Suo programma scarichi le immagini (file .iso): contengono i file DICOM con il DICOMDIR. Su Windows 10 e 11 il file si apre con un doppio clic.',
            'Il referto firmato (.p7m) si apre con un programma per la firma digitale; per leggerlo basta **Visualizza referto**.',
          ],
        },
      ],
    },
    {
      id: 'medico-durata',
      question: 'Per quanto tempo posso consultarlo?',
      answer: [
        'Fino al giorno indicato nell’e-mail e nella pagina, a meno che il paziente lo annulli prima. Se deve conservare il referto nella Sua documentazione, lo scarichi per tempo. Gli accessi sono registrati e il paziente può vederli.',
      ],
    },
  ],
}
