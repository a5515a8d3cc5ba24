export const disc = {
  title: 'Scarica immagini',
  heading: 'Scarica le immagini del tuo esame',
  lead: 'Un solo file con tutto l’esame: puoi conservarlo, copiarlo su una chiavetta, masterizzarlo su disco o darlo al tuo medico.',
  size: 'Dimensione',
  time: 'Tempo previsto',
  measuring: 'Sto misurando la tua linea…',
  measured: (time: string) => `Sulla tua linea, in questo momento: ${time}`,
  measure: 'Misura la mia linea',
  measureFailed: 'Non è stato possibile misurare la tua linea: guarda i tempi tipici qui sotto.',
  typical: 'Tempi tipici secondo il tipo di collegamento',
  line: 'Collegamento',
  lines: [
    { name: 'ADSL (7 Mbit/s)', megabits: 7 },
    { name: 'Telefono 4G (20 Mbit/s)', megabits: 20 },
    { name: 'Fibra mista rame, FTTC (50 Mbit/s)', megabits: 50 },
    { name: 'Fibra fino a casa, FTTH (300 Mbit/s)', megabits: 300 },
  ],
  fitsOn: 'Entra su',
  media: {
    CD: 'CD, DVD o chiavetta USB',
    DVD: 'DVD o chiavetta USB',
    'DVD-DL': 'DVD a doppio strato o chiavetta USB',
    BD: 'Blu-ray o chiavetta USB',
    USB: 'chiavetta o disco USB: è più grande di un Blu-ray',
  },
  downloadAs: (packing: 'iso' | 'zip', size: string) => `Scarica immagini (.${packing}, ${size})`,
  recommended: 'Consigliato per questo dispositivo',
  packings: {
    iso: 'Il file .iso è la copia esatta di un disco: su Windows, macOS e Linux si apre con un doppio clic e si può masterizzare.',
    zip: 'Il file .zip contiene gli stessi file e si apre anche su telefoni, tablet e Chromebook, che non aprono i file .iso.',
  },
  hugeFile:
    'Un file di questo esame supera i 4 GB: alcuni programmi meno recenti non lo leggono da un .iso, perciò consigliamo il .zip. Su una chiavetta va copiato solo se è formattata exFAT o NTFS.',
  profile: ({ names, hugeFile }: { names: readonly string[]; hugeFile: boolean }) =>
    names.length > 0
      ? `Per il medico: file DICOM con indice DICOMDIR; secondo il supporto, profilo ${names.join(', ')}.`
      : hugeFile
        ? 'Per il medico: file DICOM con indice DICOMDIR; un file è più grande di quanto ogni profilo DICOM ammette.'
        : 'Per il medico: file DICOM con indice DICOMDIR, in sintassi di trasferimento che nessun profilo General Purpose prevede.',
  started:
    'Il download è iniziato: il browser ne mostra l’avanzamento. Non chiudere il browser finché non è finito; se si interrompe, riprendilo dall’elenco dei download.',
  protect: 'È buona prassi proteggere i propri dati personali e sensibili.',
  protectMore:
    'Il file contiene i tuoi dati sanitari: non lasciarlo su computer condivisi e conserva disco o chiavetta in un luogo sicuro.',
  containsTitle: 'Che cosa contiene',
  contains: [
    'Le immagini dell’esame in formato DICOM, lo standard medico, con l’indice DICOMDIR: le leggono i programmi di tutti gli ospedali.',
    'Il referto, da leggere e nella versione firmata digitalmente.',
    'Un visore che si apre nel browser, da INDEX.HTM, senza installare nulla e senza Internet: mostra immagini e referto.',
  ],
  openTitle: 'Come si apre',
  open: [
    {
      system: 'Windows 10 e 11',
      text: 'Doppio clic sul file: compare come un disco. Per fare un CD o DVD: tasto destro, **Masterizza immagine su disco**.',
    },
    {
      system: 'macOS',
      text: 'Doppio clic sul file: compare sulla scrivania. Per fare un CD o DVD: tasto destro nel Finder, **Masterizza immagine disco**.',
    },
    {
      system: 'Linux',
      text: 'Doppio clic, o tasto destro e **Monta immagine disco**. Per fare un CD o DVD usa Brasero o K3b.',
    },
    {
      system: 'Chromebook',
      text: 'Scarica il file .zip e aprilo con un doppio clic nell’app **File**.',
    },
    {
      system: 'Chiavetta USB',
      text: 'Estrai il contenuto del file (con 7-Zip, WinRAR o aprendolo come sopra) e copia tutto sulla chiavetta.',
    },
    {
      system: 'Telefono e tablet',
      text: 'Conviene usare **Visualizza immagini** nel portale: non serve scaricare nulla. Per conservare l’esame scarica il file .zip, che si apre dall’app **File**.',
    },
  ],
  compact: {
    title: 'Versione compatta',
    about: (size: string, full: string) =>
      `Le stesse immagini, compresse senza perdere nulla: circa ${size} invece di ${full}. Conviene se la linea è lenta.`,
    exact: (size: string, full: string) =>
      `Le stesse immagini, compresse senza perdere nulla: ${size} invece di ${full}. Conviene se la linea è lenta.`,
    fitsOn: (media: string) => `Entra su ${media}.`,
    column: 'Compatta',
    downloadAs: (packing: 'iso' | 'zip', size: string) => `Scarica versione compatta (.${packing}, ${size})`,
    measured: (time: string) => `Sulla tua linea, in questo momento: ${time}`,
    wait: 'Viene preparata su richiesta, in qualche minuto; resta pronta finché il referto è online.',
    ask: 'Prepara la versione compatta',
    making:
      'Stiamo preparando la versione compatta. Puoi restare qui, la pagina si aggiorna da sola, o tornare più tardi.',
  },
  openMore: 'Istruzioni passo per passo nelle domande frequenti',
  preparingTitle: 'Stiamo preparando le immagini',
  preparing:
    'Un esame con molte immagini può richiedere qualche minuto. Puoi restare qui: la pagina si aggiorna da sola.',
  preparingCount: (done: number, total: number) => `${done} immagini su ${total}`,
  reload: 'Aggiorna la pagina',
}
