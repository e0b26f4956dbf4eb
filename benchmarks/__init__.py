"""What flask-faultmap costs, against what a Flask app costs without it: ``python3 dev.py bench``."""
