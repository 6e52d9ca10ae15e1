// Say at once what the store or the worker would say later: too large, not a VCF, form too old. The form works
// without this module; the store enforces the limits either way.

const KINDS = {
  bam: "BAM file", cram: "CRAM file", bcf: "BCF file", sam: "SAM file", bai: "BAM index",
  tbi: "tabix index", csi: "tabix index", fa: "FASTA file", fasta: "FASTA file", fq: "FASTQ file",
  fastq: "FASTQ file", bed: "BED file", gff: "GFF file", gff3: "GFF file", gtf: "GTF file",
  csv: "table", tsv: "table", xls: "Excel workbook", xlsx: "Excel workbook", zip: "zip archive",
  tar: "tar archive", tgz: "tar archive", pdf: "PDF", doc: "Word document", docx: "Word document",
  png: "picture", jpg: "picture", jpeg: "picture", gif: "picture", html: "web page", htm: "web page", json: "JSON file",
};
// Long enough for the first line of a VCF, and for the header of one compressed block.
const HEAD_BYTES = 4096;
const RENEW_BEFORE_MS = 60_000;

const number = new Intl.NumberFormat("en");

function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const [unit, divisor] = bytes < 1024 ** 2 ? ["KiB", 1024] : bytes < 1024 ** 3 ? ["MiB", 1024 ** 2] : ["GiB", 1024 ** 3];
  return `${number.format(Math.round((bytes / divisor) * 10) / 10)} ${unit} (${number.format(bytes)} bytes)`;
}

function kindByName(name) {
  const [, ending = ""] = name.toLowerCase().replace(/\.(gz|bgz)$/, "").match(/\.([^.]+)$/) ?? [];
  return KINDS[ending];
}

async function gunzipHead(blob) {
  const reader = blob.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const { value } = await reader.read();
  reader.cancel().catch(() => {}); // The rest of a cut block is an error that nobody waits for.
  return value ?? new Uint8Array();
}

// The version that the first line states, "" if it does not look like a VCF's, null if it cannot be read here.
async function vcfVersion(file) {
  try {
    let head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    if (head[0] === 0x1f && head[1] === 0x8b) head = await gunzipHead(file.slice(0, HEAD_BYTES));
    return /^##fileformat=VCFv?([\d.]+)/.exec(new TextDecoder().decode(head))?.[1] ?? "";
  } catch {
    return null;
  }
}

// A sentence about what is wrong with the file, or "".
function fault(file, form) {
  if (file.size === 0) return `${file.name} is empty. Choose the .vcf or .vcf.gz.`;
  const kind = kindByName(file.name);
  if (kind) return `${file.name} looks like a ${kind}. Choose the .vcf or .vcf.gz.`;
  if (file.size > Number(form.dataset.maxBytes)) {
    return `${file.name} is ${sizeText(file.size)}; your plan takes ${form.dataset.maxText}. Compress it with bgzip, or split it.`;
  }
  return "";
}

function bind(form) {
  const input = form.querySelector("input[type=file]");
  const checks = form.querySelector("[data-checks]");
  const button = form.querySelector("button[type=submit]");
  const drop = form.querySelector("[data-drop]");
  let faulty = false;
  let sending = false;

  function show(name, sentence) {
    const piece = form.querySelector(`template[data-${name}]`).content.cloneNode(true);
    piece.querySelector("span").textContent = sentence;
    checks.replaceChildren(piece);
  }

  function refuse(sentence) {
    faulty = true;
    input.setAttribute("aria-invalid", "true");
    show("error", sentence);
  }

  async function check() {
    const [file] = input.files;
    faulty = false;
    input.removeAttribute("aria-invalid");
    checks.replaceChildren();
    if (!file) return;
    const sentence = fault(file, form);
    if (sentence) {
      refuse(sentence);
      return;
    }
    const version = await vcfVersion(file);
    if (file !== input.files[0] || sending) return; // Another file was chosen, or this one sent, meanwhile.
    show("ready", version ? `Ready: VCF ${version}, ${sizeText(file.size)}.` : `${file.name}, ${sizeText(file.size)}.`);
  }

  // A form that lay open for long is no longer taken by the store. A new one is fetched; the file stays chosen.
  async function renew() {
    if (new Date(form.dataset.expiresAt) - Date.now() > RENEW_BEFORE_MS) return;
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("form[data-upload]");
    if (!response.ok || !fresh) throw new Error("no form");
    form.action = fresh.action;
    form.dataset.expiresAt = fresh.dataset.expiresAt;
    for (const field of form.querySelectorAll(":scope > input[type=hidden]")) field.remove();
    form.prepend(...fresh.querySelectorAll(":scope > input[type=hidden]"));
  }

  // The store answers with a redirect to our own page. Browsers do not let a script follow it across origins,
  // but they do tell that it came; so the page goes there itself, and a refusal can be said at the field.
  // True once the browser is on its way.
  async function send() {
    const [file] = input.files;
    await renew();
    const response = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (response.type === "opaqueredirect") {
      location.assign(form.elements.namedItem("success_action_redirect").value);
      return true;
    }
    const refusal = new DOMParser().parseFromString(await response.text(), "text/xml").querySelector("Code")?.textContent;
    refuse(
      refusal === "EntityTooLarge"
        ? `${file.name} is ${sizeText(file.size)}; your plan takes ${form.dataset.maxText}. Compress it with bgzip, or split it.`
        : `The store did not take ${file.name} (${refusal ?? response.status}). Reload this page and choose it again.`,
    );
    return false;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    if (faulty) {
      input.focus();
      return;
    }
    sending = button.disabled = true;
    show("sending", `Sending ${input.files[0].name}, ${sizeText(input.files[0].size)}`);
    try {
      if (await send()) return;
    } catch {
      refuse(`${input.files[0].name} did not arrive: the connection to the store failed. Nothing was submitted; try again.`);
    }
    sending = button.disabled = false;
  });

  input.addEventListener("change", check);
  // Back from the job: this form has made its job, so the next file needs a new one.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  form.querySelector("[data-drop-hint]").hidden = false;
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    const { files } = event.dataTransfer;
    if (files.length !== 1) {
      refuse("One file at a time: each becomes a job of its own.");
      return;
    }
    input.files = files;
    check();
  });
  // The browser may keep the chosen file over a reload.
  if (input.files.length) check();
}

for (const form of document.querySelectorAll("form[data-upload]")) bind(form);
