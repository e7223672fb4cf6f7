"use strict";

// Opens the changes of a user. Ids are other people's text: here they only ever become text nodes and attributes.
(() => {
  const USERS_AT_ONCE = 50;
  const CHANGES_AT_ONCE = 200;
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const [DELETE, UPDATE, OVERWRITE, GIVEN, BEFORE] = [0, 1, 3, 5, 6];
  const ORDINAL_OF_1970 = 719163;

  const inABlock = Number(document.getElementById("script").dataset.inABlock);
  const kinds = Array.from(document.getElementById("kinds").content.children, (one) => ({ fill: one.className, ...one.dataset }));
  const changeBlocks = document.querySelectorAll(".change-block");
  const list = document.getElementById("users");
  const find = document.getElementById("find");
  const order = document.getElementById("order");
  const further = document.getElementById("further");

  /** The users, those with the most changes first. Their changes lie one after another in the same order. */
  const users = [];
  let changesSoFar = 0;
  for (const block of document.querySelectorAll(".user-block")) {
    for (const [id, ...counts] of JSON.parse(block.textContent)) {
      const all = sum(counts);
      users.push({ number: users.length, id, lowerId: id.toLowerCase(), counts, total: all - counts[GIVEN], start: changesSoFar, stop: changesSoFar + all });
      changesSoFar += all;
    }
  }

  const byNumber = (one, other) => one.number - other.number;
  const collator = new Intl.Collator("en", { numeric: true });
  const ORDERS = {
    changes: byNumber,
    deletes: (one, other) => other.counts[DELETE] - one.counts[DELETE] || byNumber(one, other),
    overwrites: (one, other) => other.counts[OVERWRITE] - one.counts[OVERWRITE] || byNumber(one, other),
    id: (one, other) => collator.compare(one.id, other.id) || byNumber(one, other),
  };
  const sorted = {};
  let found = [];

  find.addEventListener("input", () => showFound());
  order.addEventListener("change", () => showFound());
  further.addEventListener("click", () => {
    const next = showFurther();
    if (next) next.querySelector("button").focus();
  });
  window.addEventListener("hashchange", followLink);
  for (const id of ["jump", "by-user"]) document.getElementById(id).hidden = false;
  document.getElementById("without-scripts").hidden = true;
  showFound();
  followLink();

  // The list

  function showFound(first) {
    const text = find.value.trim().toLowerCase();
    sorted[order.value] ??= users.slice().sort(ORDERS[order.value]);
    found = text ? sorted[order.value].filter((user) => user.lowerId.includes(text)) : sorted[order.value];
    first ??= found.find((user) => user.lowerId === text);
    if (first) found = [first, ...found.filter((user) => user !== first)];
    document.getElementById("found").textContent = text
      ? `${counted(found.length, "user")} of ${number(users.length)}`
      : counted(users.length, "user");
    list.replaceChildren();
    showFurther();
  }

  /** Append users to the list, and return the first of them. */
  function showFurther() {
    const shown = list.childElementCount;
    const items = found.slice(shown, shown + USERS_AT_ONCE).map(item);
    list.append(...items);
    offer(further, found.length - list.childElementCount, "user", USERS_AT_ONCE);
    return items[0];
  }

  function item(user) {
    const counts = user.counts.flatMap((count, kind) => (count ? [countOf(kind, count)] : []));
    const button = make("button", { class: "user", type: "button", id: `user-${user.number}`, "aria-expanded": "false", "aria-controls": `changes-${user.number}` },
      make("bdi", {}, user.id), make("span", { class: "total" }, counted(user.total, "change")), make("span", { class: "counts" }, ...counts));
    const opened = make("div", { class: "opened", id: `changes-${user.number}`, role: "group", "aria-labelledby": button.id });
    opened.hidden = true;
    button.addEventListener("click", () => toggle(user, button, opened));
    return make("li", {}, make("h3", {}, button), opened);
  }

  function countOf(kind, count) {
    return make("span", { class: "line", title: kinds[kind].name }, swatch(kind), ` ${number(count)} `, make("span", { class: "said" }, kinds[kind].name));
  }

  function toggle(user, button, opened) {
    if (!opened.hasChildNodes()) fill(user, opened);
    opened.hidden = !opened.hidden;
    button.setAttribute("aria-expanded", String(!opened.hidden));
  }

  /** Open the user, or show the change, that the page's address names. */
  function followLink() {
    const [, userNumber, changeNumber] = /^#user-(\d+)(?:-(\d+))?$/.exec(location.hash) || [];
    const user = users[userNumber];
    if (!user) return;
    if (!document.getElementById(`user-${userNumber}`)) {
      find.value = "";
      showFound(user);
    }
    const button = document.getElementById(`user-${userNumber}`);
    if (button.getAttribute("aria-expanded") !== "true") button.click();
    const row = document.getElementById(`user-${userNumber}-${changeNumber}`);
    if (row) {
      row.scrollIntoView();
    } else {
      button.closest("li").scrollIntoView();
      button.focus({ preventScroll: true });
    }
  }

  // The changes of a user

  function fill(user, opened) {
    const calendar = make("div", { class: "plan" });
    const rows = make("tbody");
    const more = make("button", { class: "further", type: "button" });
    const head = ["Change", "Dates", "Before", "External id"].map((title) => make("th", { scope: "col" }, title));
    const changes = [];
    const showMore = () => {
      const start = user.start + changes.length;
      const next = read(start, Math.min(start + CHANGES_AT_ONCE, user.stop));
      rows.append(...next.map((change, index) => tableRow(user, change, changes.length + index)));
      changes.push(...next);
      draw(calendar, changes.flatMap((change, index) => entries(user, change, index)));
      offer(more, user.stop - user.start - changes.length, "change", CHANGES_AT_ONCE);
    };
    more.addEventListener("click", () => {
      const next = changes.length;
      showMore();
      document.getElementById(`user-${user.number}-${next}`).focus();
    });
    opened.append(calendar, make("table", {}, make("thead", {}, make("tr", {}, ...head)), rows), more);
    showMore();
  }

  /** Read changes from the blocks that hold them. */
  function read(start, stop) {
    const changes = [];
    for (let index = Math.floor(start / inABlock); index * inABlock < stop; index += 1) {
      const block = JSON.parse(changeBlocks[index].textContent);
      changes.push(...block.slice(Math.max(start - index * inABlock, 0), stop - index * inABlock));
    }
    return changes.map(([kind, id, first, last, type = null, otherUser = null, wasFirst = null, wasLast = null]) => ({
      kind, id, first, last, type, otherUser, wasFirst: wasFirst ?? first, wasLast: wasLast ?? last, moves: wasFirst !== null || wasLast !== null,
    }));
  }

  function tableRow(user, change, index) {
    const what = make("td", {}, make("span", { class: "line" }, swatch(change.kind)), ` ${kinds[change.kind].name}`);
    if (change.type !== null) what.append(" ", make("bdi", {}, change.type));
    const before = make("td");
    if (change.kind === GIVEN) {
      before.append("to user ", make("bdi", {}, change.otherUser));
    } else if (change.otherUser !== null || change.moves) {
      before.className = "before";
      if (change.otherUser !== null) before.append("user ", make("bdi", {}, change.otherUser), change.moves ? ", " : "");
      if (change.moves) before.append(dates(change.wasFirst, change.wasLast));
    } else if (change.kind === UPDATE) {
      before.append("other details");
    }
    return make("tr", { id: `user-${user.number}-${index}`, tabindex: "-1" },
      what, make("td", {}, dates(change.first, change.last)), before, make("td", {}, make("code", {}, make("bdi", {}, change.id))));
  }

  // The calendar: a row for each month in which a leave starts or ends, and one for each stretch between two of them

  function entries(user, change, index) {
    const entry = (kind, first, last) => ({
      kind, first, last, href: `#user-${user.number}-${index}`, label: `${kinds[kind].name}, ${dates(first, last)}; external id ${change.id}`,
    });
    const now = entry(change.kind, change.first, change.last);
    return change.moves && change.otherUser === null ? [now, entry(BEFORE, change.wasFirst, change.wasLast)] : [now];
  }

  function draw(calendar, all) {
    all.sort((one, other) => one.first - other.first || other.last - one.last);
    const edges = new Set(all.flatMap((entry) => [monthOf(entry.first), monthOf(entry.last)]));
    const days = Array.from({ length: 31 }, (_, index) => make("span", { class: index % 7 ? "day" : "day monday" }, String(index + 1)));
    calendar.style.setProperty("--halves", "62");
    calendar.replaceChildren(make("div", { class: "days", "aria-hidden": "true" }, make("span", { class: "who" }), ...days));
    let previous = null;
    for (const month of [...edges].sort((one, other) => one - other)) {
      if (previous !== null && month > previous + 1) calendar.append(...stretch(all, previous + 1, month - 1));
      calendar.append(monthRow(all, month));
      previous = month;
    }
  }

  function monthRow(all, month) {
    const [start, stop] = [firstDay(month), firstDay(month + 1)];
    const row = calendarRow(all, start, stop, monthName(month), (day) => day - start);
    for (let day = 0; day < 31; day += 1) {
      const weekday = toDate(start + day).getUTCDay();
      if (start + day >= stop || weekday === 0 || weekday === 6) {
        const away = make("i", { class: "away" });
        away.style.gridColumn = `${2 * day + 2} / span 2`;
        row.prepend(away);
      }
    }
    return row;
  }

  function stretch(all, firstMonth, lastMonth) {
    const [start, stop] = [firstDay(firstMonth), firstDay(lastMonth + 1)];
    const name = firstMonth === lastMonth ? monthName(firstMonth) : `${monthName(firstMonth)} – ${monthName(lastMonth)}`;
    const goesThrough = all.some((entry) => entry.first < stop && entry.last >= start);
    return goesThrough ? [calendarRow(all, start, stop, name, (day) => (day === start ? 0 : 30))] : [];
  }

  /** Put each leave, earliest first, into the first lane that is free. */
  function calendarRow(all, start, stop, name, column) {
    const free = [];
    const bars = [];
    for (const entry of all) {
      if (entry.first >= stop || entry.last < start) continue;
      let lane = free.findIndex((day) => day <= entry.first);
      if (lane < 0) lane = free.length;
      free[lane] = entry.last + 1;
      bars.push(bar(entry, lane, column(Math.max(entry.first, start)), column(Math.min(entry.last, stop - 1)), entry.first < start, entry.last >= stop));
    }
    const row = make("div", { class: "row" }, make("div", { class: "who" }, make("strong", {}, name)), ...bars);
    row.style.setProperty("--lanes", String(free.length));
    return row;
  }

  function bar(entry, lane, first, last, isFromBefore, goesOn) {
    const kind = kinds[entry.kind];
    const names = ["bar", kind.fill, isFromBefore ? "from-before" : "", goesOn ? "goes-on" : ""];
    const link = make("a", { class: names.join(" "), href: entry.href, title: entry.label, "aria-label": entry.label },
      make("b", {}, kind.code), make("span", {}, kind.name));
    link.style.setProperty("--lane", String(lane));
    link.style.setProperty("--first", String(2 * first));
    link.style.setProperty("--last", String(2 * last + 1));
    return link;
  }

  // Days are ordinals: 1 is the first day of the year 1

  function toDate(day) {
    return new Date((day - ORDINAL_OF_1970) * 86400000);
  }

  function dayText(day) {
    const date = toDate(day);
    return `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()].slice(0, 3)} ${date.getUTCFullYear()}`;
  }

  function dates(first, last) {
    return first === last ? dayText(first) : `${dayText(first)} to ${dayText(last)}`;
  }

  function monthOf(day) {
    const date = toDate(day);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  }

  function monthName(month) {
    return `${MONTHS[month % 12]} ${Math.floor(month / 12)}`;
  }

  function firstDay(month) {
    const date = new Date(0);
    date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    return Math.round(date / 86400000) + ORDINAL_OF_1970;
  }

  // Words and elements

  function sum(numbers) {
    return numbers.reduce((one, other) => one + other, 0);
  }

  function number(value) {
    return value.toLocaleString("en");
  }

  function counted(count, noun) {
    return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
  }

  function offer(button, left, noun, atOnce) {
    button.hidden = left <= 0;
    button.textContent = left > atOnce ? `Show ${atOnce} more of ${counted(left, noun)}` : `Show ${left} more`;
  }

  function swatch(kind) {
    return make("b", { class: `swatch ${kinds[kind].fill}`, "aria-hidden": "true" }, kinds[kind].code);
  }

  function make(name, attributes = {}, ...content) {
    const element = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    element.append(...content);
    return element;
  }
})();
