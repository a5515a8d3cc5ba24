/** One paragraph, with [words](address) and **words** as only markup, or a list of such lines. */
export type HelpBlock = string | { list: string[] } | { steps: string[] }
export type HelpSection = {
  id: string
  title: string
  questions: { id: string; question: string; answer: HelpBlock[] }[]
}

export const imageQuestions: HelpSection = {
  id: 'immagini',
  title: 'Le immagini',
  questions: [
    {
      id: 'vedere-immagini',
      question: 'Come vedo le immagini?',
      answer: [
        'Premi **Visualizza immagini**: si aprono nel browser, su computer e telefono, senza installare nulla. Un esame grande su una linea lenta può metterci qualche decina di secondi a comparire.',
      ],
    },
    {
      id: 'che-cosa-e-iso',
      question: 'Che cos’è il file .iso che si scarica?',
      answer: [
        'È l’immagine di un disco: un solo file che contiene tutto l’esame in formato DICOM, il referto e un visore per guardarli, che si apre da INDEX.HTM senza installare nulla. È l’equivalente del CD che si riceveva in ospedale: si può aprire, copiare su una chiavetta o masterizzare.',
      ],
    },
    {
      id: 'iso-o-zip',
      question: 'Meglio il file .iso o il file .zip?',
      answer: [
        'Contengono gli stessi file. Il **.iso** si apre con un doppio clic su Windows, macOS e Linux e si può masterizzare. Il **.zip** si apre anche su telefoni, tablet e Chromebook. La pagina consiglia quello adatto al dispositivo da cui la guardi; puoi sempre scegliere l’altro.',
      ],
    },
    {
      id: 'versione-compatta',
      question: 'Che cos’è la versione compatta?',
      answer: [
        'Lo stesso esame in meno spazio: le immagini sono compresse **senza perdita**, quindi identiche. Va bene per copiarle o darle a un medico quando la linea è lenta. La prima volta va preparata: la pagina mostra a che punto è, e per ciascuna versione dimensione e tempo sulla tua linea.',
      ],
    },
    {
      id: 'iso-windows',
      question: 'Aprire, copiare o masterizzare il file su Windows',
      answer: [
        {
          steps: [
            '**Aprire** (Windows 10 e 11): doppio clic sul file .iso. Compare come un’unità disco: apri INDEX.HTM e premi **Guarda le immagini**.',
            '**Copiare su chiavetta**: apri il file come sopra, seleziona tutto e copialo sulla chiavetta. Oppure estrailo con 7-Zip o WinRAR (tasto destro, **Estrai**).',
            '**Masterizzare**: inserisci un CD o DVD vuoto, tasto destro sul file, **Masterizza immagine su disco**. Su Windows 11 la voce può trovarsi sotto **Mostra altre opzioni**.',
          ],
        },
        'Un CD contiene circa 700 MB e un DVD circa 4,7 GB: la dimensione è indicata prima del download.',
      ],
    },
    {
      id: 'iso-macos',
      question: 'Aprire, copiare o masterizzare il file su macOS',
      answer: [
        {
          steps: [
            '**Aprire**: doppio clic sul file .iso; compare sulla scrivania e nel Finder. Apri INDEX.HTM e premi **Guarda le immagini**.',
            '**Copiare su chiavetta**: trascina il contenuto sulla chiavetta.',
            '**Masterizzare**: con un masterizzatore collegato, tasto destro sul file nel Finder e **Masterizza immagine disco**.',
          ],
        },
      ],
    },
    {
      id: 'iso-linux',
      question: 'Aprire, copiare o masterizzare il file su Linux',
      answer: [
        {
          steps: [
            '**Aprire**: doppio clic, oppure tasto destro e **Apri con Monta immagine disco**. Anche il gestore di archivi può estrarlo.',
            '**Masterizzare**: con Brasero, K3b o Xfburn, voce **Masterizza immagine**.',
          ],
        },
      ],
    },
    {
      id: 'iso-telefono',
      question: 'E sul telefono o sul tablet?',
      answer: [
        'Conviene **Visualizza immagini**: non scarica nulla sul telefono. Per conservare l’esame scarica il file .zip: si apre dall’app **File**, e INDEX.HTM e il referto si leggono subito; per le immagini serve un’app che legga i file DICOM.',
      ],
    },
    {
      id: 'linea-lenta',
      question: 'La mia linea è lenta: come faccio?',
      answer: [
        {
          list: [
            'Prima del download la pagina indica dimensione e tempo previsto sulla tua linea.',
            'Se il download si interrompe non devi ricominciare: riprendilo dall’elenco dei download del browser, continua da dove era arrivato.',
            'Puoi usare un’altra linea, per esempio quella di un familiare: bastano i due PIN.',
            'Se non è possibile, chiedi allo sportello una copia su disco.',
          ],
        },
      ],
    },
    {
      id: 'immagini-mancanti',
      question: 'Vedo il referto ma non le immagini',
      answer: [
        'Le immagini possono arrivare nel portale dopo il referto: compaiono da sole accanto ad esso. Alcuni esami non hanno immagini. Se dopo un giorno mancano ancora, contattaci.',
      ],
    },
  ],
}
