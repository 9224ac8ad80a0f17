"""`make api-page`: a page of this machine on which the API can be read and tried."""
