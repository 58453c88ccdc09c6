"""A local stand-in for Alibaba Cloud IoT Platform. It shares no code with the daemon, so that a
mistake of one is seen by the other."""
