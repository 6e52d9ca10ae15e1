// The card form. Its fields are Stripe's own, from Stripe's script: the card goes to Stripe and never to us. We
// are sent the ID under which Stripe has it; our server then pays with it.

// The fields stand in a frame of Stripe's, which takes no style sheet of ours.
function look(holder) {
  const style = getComputedStyle(holder);
  const muted = getComputedStyle(document.documentElement).getPropertyValue("--gas-muted");
  return {
    base: {
      color: style.color,
      fontFamily: style.fontFamily,
      fontSize: style.fontSize,
      "::placeholder": { color: muted.startsWith("#") ? muted : style.color },
    },
  };
}

function bind(form) {
  const holder = form.querySelector("[data-card]");
  const place = form.querySelector("[data-problem]");
  const button = form.querySelector("button[type=submit]");
  const paying = form.querySelector("[data-paying]");
  let under_way = false;

  function refuse(sentence) {
    const piece = form.querySelector("template[data-error]").content.cloneNode(true);
    piece.querySelector("span").textContent = sentence;
    place.replaceChildren(piece);
  }

  function busy(now) {
    under_way = button.disabled = now;
    paying.textContent = now ? "Paying…" : "";
  }

  if (typeof Stripe === "undefined") {
    refuse("Stripe's form did not load. A browser extension may block it, or the connection failed; reload this page.");
    button.disabled = true;
    return;
  }
  const stripe = Stripe(form.dataset.stripeKey);
  const card = stripe.elements().create("card", { style: look(holder) });
  card.mount(holder);

  async function secret() {
    const response = await fetch(form.dataset.cardUrl, {
      method: "POST",
      headers: { "X-CSRFToken": form.elements.namedItem("csrf_token").value, "HX-Request": "true" },
    });
    if (!response.ok) throw new Error(`no form for a card: ${response.status}`);
    return (await response.json()).client_secret;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (under_way) return;
    place.replaceChildren();
    busy(true);
    try {
      const billing_details = { name: form.dataset.name, email: form.dataset.email };
      const { error, setupIntent } = await stripe.confirmCardSetup(await secret(), {
        payment_method: { card, billing_details },
      });
      if (!error) {
        form.elements.namedItem("card_id").value = setupIntent.id;
        form.submit();
        return;
      }
      refuse(`${error.message || "The card was refused."} Nothing was paid.`);
    } catch {
      refuse("Stripe could not be reached. Nothing was paid; try again in a minute.");
    }
    busy(false);
  });

  // Back in the browser's history: the form is as it was left, in the middle of paying.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

for (const form of document.querySelectorAll("form[data-payment]")) bind(form);
