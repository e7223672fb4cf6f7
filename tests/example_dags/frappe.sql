-- What of Frappe HR's tables the example DAG reads, and leave to read. `modified` is in the time of the site, Madrid's.
CREATE TABLE "tabEmployee" (name varchar(140) PRIMARY KEY, employee_name text, custom_time_zone text);

CREATE TABLE "tabLeave Application" (
    name varchar(140) PRIMARY KEY,
    employee varchar(140) NOT NULL,
    leave_type varchar(140) NOT NULL,
    from_date date NOT NULL,
    to_date date NOT NULL,
    half_day smallint NOT NULL DEFAULT 0,
    half_day_date date,
    status varchar(140) NOT NULL DEFAULT 'Approved',
    docstatus smallint NOT NULL DEFAULT 1,
    amended_from varchar(140),
    description text DEFAULT 'Secret reason',
    creation timestamp NOT NULL DEFAULT '2026-05-01 08:00',
    modified timestamp NOT NULL DEFAULT '2026-05-01 08:00'
);

INSERT INTO "tabEmployee" VALUES
('BUE', 'Secret Name', 'America/Argentina/Buenos_Aires'), ('BER', 'Secret Name', 'Europe/Berlin'),
('AKL', 'Secret Name', 'Pacific/Auckland'), ('UTC', 'Secret Name', 'UTC'), ('MAD', 'Secret Name', NULL);

INSERT INTO "tabLeave Application" (name, employee, leave_type, from_date, to_date, half_day, half_day_date) VALUES
('WEEK', 'BUE', 'Annual Leave', '2026-05-11', '2026-05-15', 0, NULL),
('NEW-YEAR', 'AKL', 'Annual Leave', '2026-12-28', '2027-01-04', 0, NULL),
('CLOCKS', 'BER', 'Annual Leave', '2026-03-28', '2026-03-30', 0, NULL),
('SICK', 'UTC', 'Sick Leave', '2026-06-01', '2026-06-02', 0, NULL),
('HALF-BUE', 'BUE', 'Annual Leave', '2026-06-08', '2026-06-08', 1, '2026-06-08'),
('HALF-BER', 'BER', 'Annual Leave', '2026-06-08', '2026-06-08', 1, '2026-06-08'),
('HALF-AKL', 'AKL', 'Annual Leave', '2026-06-08', '2026-06-08', 1, '2026-06-08'),
('HALF-UTC', 'UTC', 'Annual Leave', '2026-06-08', '2026-06-08', 1, NULL),
('HALF-MAD', 'MAD', 'Annual Leave', '2026-06-08', '2026-06-08', 1, '2026-06-08'),
('HALF-FIRST', 'BER', 'Annual Leave', '2026-10-23', '2026-10-26', 1, '2026-10-23'),
('HALF-LAST', 'AKL', 'Annual Leave', '2026-09-25', '2026-09-28', 1, '2026-09-28'),
('HALF-BETWEEN', 'UTC', 'Annual Leave', '2026-07-06', '2026-07-10', 1, '2026-07-08');

INSERT INTO "tabLeave Application" (name, employee, leave_type, from_date, to_date, status, docstatus, amended_from) VALUES
('AMENDED', 'UTC', 'Training', '2026-08-03', '2026-08-07', 'Cancelled', 2, NULL),
('AMENDED-1', 'UTC', 'Training', '2026-08-04', '2026-08-07', 'Cancelled', 2, 'AMENDED'),
('AMENDED-2', 'UTC', 'Training', '2026-08-05', '2026-08-07', 'Approved', 1, 'AMENDED-1'),
('CANCELLED', 'UTC', 'Annual Leave', '2026-08-10', '2026-08-11', 'Cancelled', 2, NULL),
('LOST-1', 'UTC', 'Training', '2026-08-17', '2026-08-18', 'Approved', 1, 'LOST'),  -- somebody deleted the first document
('REJECTED', 'UTC', 'Annual Leave', '2026-08-12', '2026-08-13', 'Rejected', 1, NULL),
('DRAFT', 'UTC', 'Annual Leave', '2026-08-14', '2026-08-14', 'Open', 0, NULL);

-- Old leave of people who have left, whom COR does not know.
INSERT INTO "tabLeave Application" (name, employee, leave_type, from_date, to_date)
SELECT 'OLD-' || number, 'gone', 'Annual Leave', '2025-08-04', '2025-08-08' FROM generate_series(1, 12) AS number;
