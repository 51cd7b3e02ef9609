package octapipe

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// sampleDatabase describes a database to make up.
type sampleDatabase struct {
	name       string
	fields     []field
	count      int
	strict     bool // every record has values, since the fields require some
	recordName func(w *sower, i int) string
	special    map[string]func(w *sower, i int) any // values that are not left to chance
}

// samplePipeline describes a pipeline to make up.
type samplePipeline struct {
	name, pattern string // pattern: a card's name around a company's
	stages        []string
	fields        []field
	count         int
	fixed         map[int]fixedCard // by order of creation
}

type fixedCard struct {
	name  string
	stage int
}

func company(suffix string) func(*sower, int) string {
	return func(w *sower, i int) string {
		name := sampleCompanies[i%len(sampleCompanies)]
		if round := i / len(sampleCompanies); round > 0 {
			name += " " + samplePlaces[(round-1)%len(samplePlaces)]
			if again := (round - 1) / len(samplePlaces); again > 0 {
				name += fmt.Sprintf(" %d", again+1)
			}
		}
		return name + suffix
	}
}

func person(w *sower, i int) string {
	return sampleFirstNames[i%len(sampleFirstNames)] + " " + sampleLastNames[(i/len(sampleFirstNames)+i*3)%len(sampleLastNames)]
}

// assessedDaysAgo are ages of assessments around the year that compliance asks for: 365 days is not yet older than 365 days.
var assessedDaysAgo = []int{3, 365, 30, 366, 364, 120, 400, 0, 365, 800, 200, 367, 540, 366, 90, 363, 365, 1200, 10, 366}

var sampleDatabases = []sampleDatabase{
	{
		name: "Leads", count: 1250, recordName: person,
		fields: []field{
			{Key: "cf_status", Label: "Status", Type: "select", Options: []string{"New", "Contacted", "Qualified", "Stale", "Archived"}},
			{Key: "cf_company", Label: "Company", Type: "text"},
			{Key: "cf_email", Label: "Email", Type: "email"},
			{Key: "cf_phone", Label: "Phone", Type: "phone"},
			{Key: "cf_source", Label: "Source", Type: "select", Options: []string{"Website", "Referral", "Trade fair", "Cold call"}},
			{Key: "cf_estimated_value", Label: "Estimated value", Type: "currency"},
			{Key: "cf_last_contact", Label: "Last contact", Type: "date"},
			{Key: "cf_interests", Label: "Interests", Type: "multi_select", Options: []string{"Platform", "Training", "Support", "Migration"}},
			{Key: "cf_newsletter", Label: "Newsletter", Type: "checkbox"},
			{Key: "cf_account_manager", Label: "Account manager", Type: "user"},
		},
	},
	{
		name: "Customer Onboarding", count: 140, strict: true, recordName: company(""),
		fields: []field{
			{Key: "cf_plan", Label: "Plan", Type: "select", Required: true, Options: []string{"Starter", "Team", "Enterprise"}},
			{Key: "cf_contact_email", Label: "Contact email", Type: "email", Required: true},
			{Key: "cf_kickoff_date", Label: "Kick-off date", Type: "date"},
			{Key: "cf_seats", Label: "Seats", Type: "number"},
			{Key: "cf_training_booked", Label: "Training booked", Type: "checkbox"},
			{Key: "cf_lead", Label: "Lead", Type: "record", RelatedDatabase: "Leads"},
			{Key: "cf_remarks", Label: "Remarks", Type: "long_text"},
		},
	},
	{
		name: "Vendor Compliance", count: 430, recordName: company(" Supplies"),
		fields: []field{
			{Key: "cf_risk_level", Label: "Risk Level", Type: "select", Options: []string{"Low", "Medium", "High"}},
			{Key: "cf_last_assessment", Label: "Last Assessment", Type: "date"},
			{Key: "cf_category", Label: "Category", Type: "select", Options: []string{"Hosting", "Logistics", "Payroll", "Consulting"}},
			{Key: "cf_certificates", Label: "Certificates", Type: "multi_select", Options: []string{"ISO 27001", "SOC 2", "PCI DSS"}},
			{Key: "cf_contract_value", Label: "Contract value", Type: "currency"},
			{Key: "cf_website", Label: "Website", Type: "url"},
			{Key: "cf_reviewed_at", Label: "Reviewed at", Type: "datetime"},
			{Key: "cf_report", Label: "Report", Type: "file"},
		},
		special: map[string]func(*sower, int) any{
			"cf_last_assessment": func(w *sower, i int) any {
				if i%17 == 11 { // never assessed: neither old nor new
					return nil
				}
				return w.day(assessedDaysAgo[i%len(assessedDaysAgo)])
			},
		},
	},
	{
		name: "Equipment", count: 820, recordName: func(w *sower, i int) string {
			return fmt.Sprintf("%s %04d", sampleEquipment[i%len(sampleEquipment)], i+1)
		},
		fields: []field{
			{Key: "cf_serial_number", Label: "Serial number", Type: "text"},
			{Key: "cf_condition", Label: "Condition", Type: "select", Options: []string{"New", "Good", "Worn", "Broken"}},
			{Key: "cf_bought_on", Label: "Bought on", Type: "date"},
			{Key: "cf_price", Label: "Price", Type: "currency"},
			{Key: "cf_holder", Label: "Holder", Type: "user"},
		},
		special: map[string]func(*sower, int) any{
			"cf_serial_number": func(w *sower, i int) any { return fmt.Sprintf("SN-%06d", 100003*(i+1)%1000000) },
		},
	},
	{
		name: "Product Feedback", count: 560, recordName: func(w *sower, i int) string { return w.pick(sampleSentences) },
		fields: []field{
			{Key: "cf_score", Label: "Score", Type: "number"},
			{Key: "cf_area", Label: "Area", Type: "multi_select", Options: []string{"Search", "Boards", "Mobile", "Billing"}},
			{Key: "cf_received_at", Label: "Received at", Type: "datetime"},
			{Key: "cf_detail", Label: "Detail", Type: "long_text"},
			{Key: "cf_answered", Label: "Answered", Type: "checkbox"},
		},
		special: map[string]func(*sower, int) any{"cf_score": func(w *sower, i int) any { return w.dice.IntN(11) }},
	},
	{
		name: "Fleet", count: 48, strict: true, recordName: func(w *sower, i int) string { return fmt.Sprintf("Falcon %d", i+1) },
		fields: []field{
			{Key: "cf_vehicle_type", Label: "Vehicle type", Type: "select", Required: true, Options: []string{"Van", "Truck", "Bicycle", "Spaceship"}},
			{Key: "cf_mileage", Label: "Mileage", Type: "number"},
			{Key: "cf_next_inspection", Label: "Next inspection", Type: "date"},
		},
	},
}

var samplePipelines = []samplePipeline{
	{
		name: "Enterprise Sales", pattern: "%s Deal", count: 47,
		stages: []string{"Qualification", "Discovery", "Proposal", "Negotiation", "Closed Won", "Closed Lost"},
		fields: []field{
			{Key: "cf_deal_value", Label: "Deal value", Type: "currency"},
			{Key: "cf_expected_close", Label: "Expected close", Type: "date"},
			{Key: "cf_region", Label: "Region", Type: "select", Options: []string{"EMEA", "Americas", "APAC"}},
			{Key: "cf_products", Label: "Products", Type: "multi_select", Options: []string{"Platform", "Training", "Support"}},
			{Key: "cf_competitor", Label: "Competitor", Type: "text"},
		},
		fixed: map[int]fixedCard{33: {"Acme Corp Deal", 3}},
	},
	{
		name: "Q3 Renewals", pattern: "%s Renewal", count: 26,
		stages: []string{"Upcoming", "In Review", "Contract Sent", "Signed", "Churned"},
		fields: []field{
			{Key: "cf_contract_end", Label: "Contract end", Type: "date"},
			{Key: "cf_annual_value", Label: "Annual value", Type: "currency"},
			{Key: "cf_auto_renew", Label: "Auto-renew", Type: "checkbox"},
		},
		fixed: map[int]fixedCard{8: {"TechNova Upgrade", 1}, 19: {"TechNova Support Extension", 0}},
	},
	{
		name: "Support Escalations", pattern: "%s cannot log in", count: 58,
		stages: []string{"New", "Investigating", "Waiting on Customer", "Resolved"},
		fields: []field{
			{Key: "cf_severity", Label: "Severity", Type: "select", Options: []string{"S1", "S2", "S3"}},
			{Key: "cf_reported_at", Label: "Reported at", Type: "datetime"},
			{Key: "cf_steps", Label: "Steps", Type: "long_text"},
		},
	},
	{
		name: "Hiring", pattern: "Engineer referred by %s", count: 33,
		stages: []string{"Applied", "Phone Screen", "Interview", "Offer", "Hired"},
		fields: []field{
			{Key: "cf_portfolio", Label: "Portfolio", Type: "url"},
			{Key: "cf_interviewer", Label: "Interviewer", Type: "user"},
		},
	},
}

var (
	samplePeople = []string{
		"Ada Lindqvist", "Bruno Carvalho", "Chidi Okafor", "Dana Whitfield", "Elif Demir", "Farid Haddad", "Greta Olsen", "Hugo Marchetti",
		"Ines Ferreira", "Jonas Weber", "Keiko Tanaka", "Liam Gallagher", "Mina Rahimi", "Nils Andersen", "Olga Petrova", "Priya Nair",
		"Quentin Dubois", "Rosa Jimenez", "Samuel Adeyemi",
	}
	sampleJobs       = []string{"Head of Operations", "Account Executive", "Support Engineer", "Compliance Officer", "Recruiter", ""}
	sampleFirstNames = []string{
		"Amelia", "Bastian", "Carla", "Diego", "Esther", "Felix", "Grace", "Henrik", "Isla", "Jakub", "Klara", "Leon", "Maya", "Noah", "Oona",
		"Pavel", "Renée", "Søren", "Tomás", "Ursula", "Viktor", "Wanda", "Ximena", "Yusuf", "Zoë",
	}
	sampleLastNames = []string{
		"Albrecht", "Bergström", "Castellanos", "Duarte", "Eriksen", "Fontaine", "García", "Hoffmann", "Ivanova", "Jankowski", "Kowalczyk", "Larsen",
		"Moretti", "Nakamura", "O'Brien", "Pereira", "Quispe", "Rossi", "Schäfer", "Tanaka", "Vasquez", "Zielinski",
	}
	sampleCompanies = []string{
		"Aldermoor", "Brightwater", "Cobalt Forge", "Driftwood Labs", "Eastgate Freight", "Fernhill Foods", "Granite Peak", "Harbour and Sons", "Ironbridge",
		"Juniper Health", "Kestrel Aviation", "Lumen Works", "Meridian Print", "Northfold", "Oakline", "Pinecrest Energy", "Quarry Stone", "Riverton Steel",
		"Saffron Retail", "Tidewater Marine", "Umber Studios", "Vantage Optics", "Willowbank", "Yellowfin", "Zephyr Mobility", "Copperfield", "Bluestem",
		"Clearbrook", "Dovetail", "Elmhurst", "Foxglove",
	}
	samplePlaces    = []string{"Nord", "Iberia", "Pacific", "Alpine", "Baltic", "Atlantic", "Levant", "Andes", "Gulf", "Prairie"}
	sampleTags      = []string{"priority", "upsell", "at-risk", "partner", "new-logo"}
	sampleEquipment = []string{"Laptop", "Monitor", "Headset", "Label printer", "Hand scanner"}
	sampleTasks     = []string{"Call %s about the offer", "Send the contract to %s", "Prepare the demo for %s", "Review the invoice of %s", "Plan the visit to %s"}
	sampleSentences = []string{
		"Asked for a second quote.", "The legal team has the draft.", "Wants to start before the end of the quarter.", "Could not be reached by phone.",
		"Search on mobile is slow.", "Happy with the last delivery.", "Needs an invoice with a purchase order number.", "Waiting for the security questionnaire.",
		"Budget was confirmed by finance.", "Prefers to be contacted by email.", "Boards should remember their filters.", "The export misses a column.",
	}
)

type sampleFile struct {
	name, mime string
	content    []byte
}

var sampleFiles = []sampleFile{
	{"meeting-notes.md", "text/markdown", []byte("# Kick-off\n\n- scope agreed\n- contract to follow by Friday\n")},
	{"assessment-2025.txt", "text/plain", []byte("Assessment: no findings of high severity.\nNext one is due within a year.\n")},
	{"price list.csv", "text/csv", []byte("item;price\r\nPlatform;1200.00\r\nTraining;450.00\r\n")},
	{"certificate.png", "image/png", badge()},
	{"Größenübersicht.json", "application/json", []byte(`{"small":10,"large":250}`)},
}

// badge draws a small picture, so that there is a file that is no text.
func badge() []byte {
	picture := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for y := range 96 {
		for x := range 96 {
			dx, dy := x-48, y-48
			shade := color.RGBA{0xf4, 0xf1, 0xea, 0xff}
			if dx*dx+dy*dy < 40*40 {
				shade = color.RGBA{0x1f, 0x6f, 0x78, 0xff}
			}
			picture.Set(x, y, shade)
		}
	}
	var buffer bytes.Buffer
	if err := png.Encode(&buffer, picture); err != nil {
		panic(err) // a picture in memory
	}
	return buffer.Bytes()
}
