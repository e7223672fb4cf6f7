-- What of Odoo 17's tables the example DAG reads, and leave to read. Times are in UTC.
CREATE TABLE hr_leave_type (id integer PRIMARY KEY, name jsonb NOT NULL);

CREATE TABLE hr_leave (
    id integer PRIMARY KEY,
    employee_id integer,
    holiday_status_id integer NOT NULL DEFAULT 1,
    holiday_type varchar NOT NULL DEFAULT 'employee',
    parent_id integer,
    state varchar DEFAULT 'validate',
    active boolean DEFAULT true,
    private_name varchar DEFAULT 'Secret reason',
    request_date_from date,
    request_date_to date,
    request_unit_half boolean DEFAULT false,
    request_unit_hours boolean,
    request_date_from_period varchar DEFAULT 'am',
    date_from timestamp,
    date_to timestamp,
    write_date timestamp DEFAULT '2026-05-01 08:00'
);

INSERT INTO hr_leave_type VALUES
(1, '{"en_US": "Paid Time Off", "de_DE": "Urlaub"}'), (2, '{"en_US": "Sick Time Off"}'), (3, '{"en_US": "Training"}'),
(4, '{"en_US": "Unheard of"}');

-- Employee 1 works in Berlin, 2 in Buenos Aires, 3 in Auckland.
INSERT INTO hr_leave (id, employee_id, holiday_status_id, request_date_from, request_date_to, date_from, date_to) VALUES
(1, 1, 1, '2026-05-11', '2026-05-15', '2026-05-11 06:00', '2026-05-15 15:00'),
(2, 3, 1, '2026-12-28', '2027-01-04', '2026-12-27 20:00', '2027-01-04 05:00'),
(3, 2, 2, '2026-06-01', '2026-06-02', '2026-06-01 11:00', '2026-06-02 20:00'),
(4, 1, 3, '2026-08-03', '2026-08-04', '2026-08-03 06:00', '2026-08-04 15:00'),
(5, 2, 1, '2026-07-06', '2026-07-10', '2026-07-06 11:00', '2026-07-10 20:00');

INSERT INTO hr_leave
(id, employee_id, request_date_from, request_date_to, request_unit_half, request_unit_hours, request_date_from_period,
 date_from, date_to) VALUES
(11, 1, '2026-06-08', '2026-06-08', true, NULL, 'am', '2026-06-08 06:00', '2026-06-08 10:00'),
(12, 3, '2026-06-08', '2026-06-08', true, false, 'pm', '2026-06-08 01:00', '2026-06-08 05:00'),
(13, 2, '2026-06-09', '2026-06-09', false, true, 'am', '2026-06-09 15:00', '2026-06-09 17:30');

INSERT INTO hr_leave (id, employee_id, state, active, request_date_from, request_date_to) VALUES
(21, 1, 'draft', true, '2026-09-01', '2026-09-01'),
(22, 1, 'confirm', true, '2026-09-02', '2026-09-02'),
(23, 1, 'validate1', true, '2026-09-03', '2026-09-03'),
(24, 1, 'refuse', true, '2026-09-04', '2026-09-04'),
(25, 1, 'cancel', true, '2026-09-05', '2026-09-05'),
(26, 1, 'validate', false, '2026-09-06', '2026-09-06');  -- the employee has cancelled it

-- A day for the company, and what Odoo makes of it for an employee.
INSERT INTO hr_leave (id, employee_id, holiday_type, parent_id, request_date_from, request_date_to) VALUES
(31, NULL, 'company', NULL, '2026-12-24', '2026-12-24'),
(32, 2, 'employee', 31, '2026-12-24', '2026-12-24');

-- Old leave of people who have left, whom COR does not know.
INSERT INTO hr_leave (id, employee_id, request_date_from, request_date_to)
SELECT 900 + number, 99, '2025-08-04', '2025-08-08' FROM generate_series(1, 12) AS number;
