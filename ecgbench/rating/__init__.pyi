"""What the reader study offers; names are imported when they are first used (see `__init__.py`)."""

from .cases import cases_of as cases_of
from .chosen_maps import shown_maps as shown_maps
from .export import answers as answers
from .export import as_csv as as_csv
from .extra import check_extra as check_extra
from .page import as_html as as_html
from .page import as_markdown as as_markdown
from .ratings_file import Case as Case
from .ratings_file import Ratings as Ratings
from .schedule import USUAL as USUAL
from .schedule import Design as Design
from .schedule import schedule as schedule
from .server import addresses as addresses
from .server import application as application
from .server import listen as listen
from .summary import HUMAN as HUMAN
from .summary import summary as summary
